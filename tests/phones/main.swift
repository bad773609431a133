// Reads a case a line: `coco` or `mediapipe` and coordinates; or `lift`, the assumed distance, the
// body's height, 34 coordinates and 17 depths. Prints the coordinates of what comes out.

while let line = readLine() {
    let words = line.split(separator: " ")
    let numbers = words.dropFirst().map { Float($0)! }
    func points(_ count: Int, from start: Int) -> [SIMD2<Float>] {
        (0..<count).map { SIMD2(numbers[start + 2 * $0], numbers[start + 2 * $0 + 1]) }
    }
    let found: [Float]
    switch words[0] {
    case "coco": found = fromCoco(points(17, from: 0)).flatMap { [$0.x, $0.y] }
    case "mediapipe": found = fromMediaPipe(points(33, from: 0)).flatMap { [$0.x, $0.y] }
    default:
        let perspective = numbers[0] > 0 ? 1 / numbers[0] : 0
        let pose = normalize(points(17, from: 2))!
        let lifted = liftPose(pose, depths: Array(numbers[36..<53]), perspective: perspective)
        found = inMillimetres(lifted, bodyHeight: numbers[1]).flatMap { [$0.x, $0.y, $0.z] }
    }
    print(found.map { String($0) }.joined(separator: " "))
}
