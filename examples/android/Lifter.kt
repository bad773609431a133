package synpose

import java.nio.ByteBuffer
import org.tensorflow.lite.Interpreter

/**
 * Lifts with a `paper` file (tflite_float16, tflite_int8, …).
 *
 * One instance a thread, since an interpreter serves one at a time. For a GPU:
 * `Interpreter.Options().addDelegate(GpuDelegate())` with tflite_float16.
 */
class Lifter(model: ByteBuffer, private val perspective: Float = 1f / 13f) : AutoCloseable {
    private val interpreter = Interpreter(model, Interpreter.Options().setNumThreads(1))
    private val output = Array(1) { FloatArray(17) }

    /** (x, y, z) of 17 joints of Human3.6M in pixels; null where a joint is missing. */
    fun lift(joints: Array<FloatArray>): Array<FloatArray>? {
        val pose = normalize(joints) ?: return null
        interpreter.runSignature(mapOf("keypoints" to arrayOf(pose)), mapOf("depths" to output))
        return lift(pose, output[0], perspective)
    }

    override fun close() = interpreter.close()
}
