package synpose

/**
 * Reads a case a line: `coco` or `mediapipe` and coordinates; or `lift`, the assumed distance, the
 * body's height, 34 coordinates and 17 depths. Prints the coordinates of what comes out.
 */
fun main() {
    generateSequence(::readLine).forEach { line ->
        val words = line.split(" ")
        val numbers = words.drop(1).map { it.toFloat() }
        fun points(count: Int, start: Int) =
            Array(count) { floatArrayOf(numbers[start + 2 * it], numbers[start + 2 * it + 1]) }
        val found = when (words[0]) {
            "coco" -> fromCoco(points(17, 0))
            "mediapipe" -> fromMediaPipe(points(33, 0))
            else -> {
                val perspective = if (numbers[0] > 0f) 1f / numbers[0] else 0f
                val depths = FloatArray(17) { numbers[36 + it] }
                inMillimetres(lift(normalize(points(17, 2))!!, depths, perspective), numbers[1])
            }
        }
        println(found.flatMap { it.toList() }.joinToString(" "))
    }
}
