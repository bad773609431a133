/// A detector's joints as Human3.6M's 17, as docs/mobile.md lists them. -1 is a joint that the
/// detector does not give: it is derived from the others.
private let coco = [-1, 12, 14, 16, 11, 13, 15, -1, -1, 0, -1, 5, 7, 9, 6, 8, 10]
private let mediaPipe = [-1, 24, 26, 28, 23, 25, 27, -1, -1, 0, -1, 11, 13, 15, 12, 14, 16]

/// MoveNet's 17 joints of COCO, in pixels of the image, as Human3.6M's 17.
func fromCoco(_ joints: [SIMD2<Float>]) -> [SIMD2<Float>] {
    precondition(joints.count == 17, "17 joints are needed, found \(joints.count)")
    return derived(joints, coco)
}

/// MediaPipe's 33 landmarks, in pixels of the image, as Human3.6M's 17.
func fromMediaPipe(_ landmarks: [SIMD2<Float>]) -> [SIMD2<Float>] {
    precondition(landmarks.count == 33, "33 landmarks are needed, found \(landmarks.count)")
    return derived(landmarks, mediaPipe)
}

private func derived(_ given: [SIMD2<Float>], _ order: [Int]) -> [SIMD2<Float>] {
    let hip = (given[order[1]] + given[order[4]]) / 2
    let torso = (given[order[11]] + given[order[14]]) / 2 - hip
    let face = given[order[9]] - hip
    return (0..<17).map { joint in
        switch joint {
        case 0: return hip
        case 7: return hip + 0.46 * torso
        case 8: return hip + 0.86 * torso
        case 10: return hip + 0.69 * torso + 0.59 * face
        default: return given[order[joint]]
        }
    }
}
