"""One module a file format; `synpose_tf.keypoints.reading` lists them."""
