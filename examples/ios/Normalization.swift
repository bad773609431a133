private let parents = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]
private let bonesPerStature: Float = 2.4  // Sum of the 16 bones over stature.

/// What the lifter sees of 17 joints in pixels: the hip at the origin, the mean distance of the
/// other joints from it 1. Nil where a joint is missing, or all lie on one point.
func normalize(_ joints: [SIMD2<Float>]) -> [SIMD2<Float>]? {
    precondition(joints.count == 17, "17 joints are needed, found \(joints.count)")
    guard joints.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { return nil }
    let centred = joints.map { $0 - joints[0] }
    let radius = centred.reduce(0) { $0 + ($1 * $1).sum().squareRoot() } / 16
    return radius > 0 ? centred.map { $0 / radius } : nil
}

/// (x, y, z) of 17 joints, camera frame, relative to the hip, in the unit of the normalised pose.
///
/// `perspective` is one over the camera's distance: 1 / 13 for the `paper` lifter of the package.
func liftPose(_ pose: [SIMD2<Float>], depths: [Float], perspective: Float) -> [SIMD3<Float>] {
    zip(pose, depths).map { point, z in
        let near = 1 + perspective * z
        return SIMD3(point.x * near, point.y * near, z)
    }
}

/// A lifted pose of somebody of that height, millimetres.
func inMillimetres(_ pose: [SIMD3<Float>], bodyHeight: Float) -> [SIMD3<Float>] {
    let bones: Float = (1..<17).reduce(0) { sum, joint in
        let bone = pose[joint] - pose[parents[joint]]
        return sum + (bone * bone).sum().squareRoot()
    }
    return pose.map { $0 * (bodyHeight * bonesPerStature / bones) }
}
