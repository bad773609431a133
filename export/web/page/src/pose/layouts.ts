// The joints of detectors, by the names that Python's `--layout` knows.

import { H36M_17, type Skeleton } from "./skeleton.ts";

const COCO_JOINTS = [
  "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow",
  "LWrist", "RWrist", "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle",
];

export const LAYOUTS: Record<string, Skeleton> = {
  h36m: H36M_17,
  coco: { name: "COCO-17", joints: COCO_JOINTS },
  mpii: {
    name: "MPII-16",
    joints: [
      "RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle", "Hip", "Thorax",
      "UpperNeck", "Head", "RWrist", "RElbow", "RShoulder", "LShoulder", "LElbow", "LWrist",
    ],
  },
  body25: {
    name: "BODY_25",
    joints: [
      "Nose", "Thorax", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist",
      "Hip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
      "LBigToe", "LSmallToe", "LHeel", "RBigToe", "RSmallToe", "RHeel",
    ],
  },
  openpose18: {
    name: "OpenPose-18",
    joints: [
      "Nose", "Thorax", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist",
      "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
    ],
  },
  mediapipe: {
    name: "MediaPipe-33",
    joints: [
      "Nose", "LEyeInner", "LEye", "LEyeOuter", "REyeInner", "REye", "REyeOuter", "LEar", "REar",
      "LMouth", "RMouth", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist",
      "LPinky", "RPinky", "LIndex", "RIndex", "LThumb", "RThumb", "LHip", "RHip", "LKnee",
      "RKnee", "LAnkle", "RAnkle", "LHeel", "RHeel", "LFootIndex", "RFootIndex",
    ],
  },
  halpe26: {
    name: "Halpe-26",
    joints: [
      ...COCO_JOINTS, "Head", "Neck", "Hip",
      "LBigToe", "RBigToe", "LSmallToe", "RSmallToe", "LHeel", "RHeel",
    ],
  },
};
