package synpose

import kotlin.math.hypot
import kotlin.math.sqrt

private val PARENTS = intArrayOf(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
private const val BONES_PER_STATURE = 2.4f // Sum of the 16 bones over stature.

/**
 * What the lifter sees of 17 joints, (x, y) in pixels: the hip at the origin, the mean distance of
 * the other joints from it 1. Null where a joint is missing, or all lie on one point.
 */
fun normalize(joints: Array<FloatArray>): Array<FloatArray>? {
    require(joints.size == 17) { "17 joints are needed, found ${joints.size}" }
    if (joints.any { it[0].isNaN() || it[1].isNaN() || it[0].isInfinite() || it[1].isInfinite() }) return null
    val hip = joints[0]
    val radius = joints.map { hypot(it[0] - hip[0], it[1] - hip[1]) }.sum() / 16
    if (radius == 0f) return null
    return Array(17) { joint -> FloatArray(2) { (joints[joint][it] - hip[it]) / radius } }
}

/**
 * (x, y, z) of 17 joints, camera frame, relative to the hip, in the unit of the normalised pose.
 *
 * `perspective` is one over the camera's distance: 1 / 13 for the `paper` lifter of the package.
 */
fun lift(pose: Array<FloatArray>, depths: FloatArray, perspective: Float): Array<FloatArray> =
    Array(17) { joint ->
        val z = depths[joint]
        val near = 1 + perspective * z
        floatArrayOf(pose[joint][0] * near, pose[joint][1] * near, z)
    }

/** A lifted pose of somebody of that height, millimetres. */
fun inMillimetres(pose: Array<FloatArray>, bodyHeight: Float): Array<FloatArray> {
    var bones = 0f
    for (joint in 1 until 17) {
        val (x, y, z) = FloatArray(3) { pose[joint][it] - pose[PARENTS[joint]][it] }.toList()
        bones += sqrt(x * x + y * y + z * z)
    }
    val unit = bodyHeight * BONES_PER_STATURE / bones
    return Array(17) { joint -> FloatArray(3) { pose[joint][it] * unit } }
}
