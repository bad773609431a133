import Foundation
import TensorFlowLite

/// Lifts with a `paper` file (tflite_float16, tflite_int8, …).
final class Lifter {
    private let interpreter: Interpreter
    private let perspective: Float

    init(path: String, perspective: Float = 1 / 13) throws {
        var options = Interpreter.Options()
        options.threadCount = 1
        interpreter = try Interpreter(modelPath: path, options: options)
        try interpreter.allocateTensors()
        self.perspective = perspective
    }

    /// (x, y, z) of 17 joints of Human3.6M in pixels; nil where a joint is missing.
    func lift(_ joints: [SIMD2<Float>]) throws -> [SIMD3<Float>]? {
        guard let pose = normalize(joints) else { return nil }
        let numbers = pose.flatMap { [$0.x, $0.y] }
        try interpreter.copy(numbers.withUnsafeBufferPointer { Data(buffer: $0) }, toInputAt: 0)
        try interpreter.invoke()
        let depths = try interpreter.output(at: 0).data.withUnsafeBytes {
            Array($0.bindMemory(to: Float.self))
        }
        return liftPose(pose, depths: depths, perspective: perspective)
    }
}
