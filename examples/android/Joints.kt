package synpose

/**
 * A detector's joints as Human3.6M's 17, as docs/mobile.md lists them.
 *
 * -1 is a joint that the detector does not give: it is derived from the others.
 */
private val COCO = intArrayOf(-1, 12, 14, 16, 11, 13, 15, -1, -1, 0, -1, 5, 7, 9, 6, 8, 10)
private val MEDIAPIPE = intArrayOf(-1, 24, 26, 28, 23, 25, 27, -1, -1, 0, -1, 11, 13, 15, 12, 14, 16)

/** MoveNet's 17 joints of COCO, (x, y) in pixels of the image, as Human3.6M's 17. */
fun fromCoco(joints: Array<FloatArray>): Array<FloatArray> = derived(joints, COCO, 17)

/** MediaPipe's 33 landmarks, (x, y) in pixels of the image, as Human3.6M's 17. */
fun fromMediaPipe(landmarks: Array<FloatArray>): Array<FloatArray> = derived(landmarks, MEDIAPIPE, 33)

private fun derived(given: Array<FloatArray>, order: IntArray, count: Int): Array<FloatArray> {
    require(given.size == count) { "$count joints are needed, found ${given.size}" }
    fun middle(a: Int, b: Int) =
        FloatArray(2) { (given[order[a]][it] + given[order[b]][it]) / 2 }
    val hip = middle(1, 4)
    val shoulders = middle(11, 14)
    val nose = given[order[9]]
    fun along(torso: Float, face: Float) =
        FloatArray(2) { hip[it] + torso * (shoulders[it] - hip[it]) + face * (nose[it] - hip[it]) }
    return Array(17) { joint ->
        when (joint) {
            0 -> hip
            7 -> along(0.46f, 0f)
            8 -> along(0.86f, 0f)
            10 -> along(0.69f, 0.59f)
            else -> given[order[joint]]
        }
    }
}
