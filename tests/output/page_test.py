"""The viewer's page as a file; `viewer_test.py` looks at it in a browser."""

import json
import re

from pose_tracks import pose_track

from synpose_tf import output

HOSTILE = "</script><img src=x onerror=\"document.title='hacked'\">\u2028'&amp;"


def test_the_page_names_no_other_place(tmp_path):
    output.write([pose_track(HOSTILE)], tmp_path / 'a "<b>&.html')
    text = (tmp_path / 'a "<b>&.html').read_text(encoding="utf-8")
    assert "<title>a &quot;&lt;b&gt;&amp;</title>" in text
    assert text.count("</script>") == 6
    embedded = re.search(r'<script id="data" type="application/json">(.*?)</script>', text)[1]
    page = text.replace(embedded, "")
    assert not re.search(r'(src|href)=(?!"data:,")|https?:|@import|url\(', page)
    assert json.loads(embedded)["people"][0]["name"] == HOSTILE
    assert not set("<>&\u2028") & set(embedded)


def test_thousands_of_frames_stay_small(tmp_path):
    output.write([pose_track(frames=4000)], tmp_path / "a.html")
    assert (tmp_path / "a.html").stat().st_size < 1.1e6
