/** A package of PyPI that holds libraries which ONNX Runtime needs to compute on NVIDIA's GPUs. */
export interface CudaPiece {
  /** Name of the package. */
  readonly package: string;
  /** The version that is fetched; undefined = that of onnxruntime-node, to the last digit. */
  readonly version?: string;
  /** Files that are needed of it; each is found by the loader by this very name. */
  readonly libraries: readonly string[];
  /** Further files whose name has a minor version in it, and that belong to the others. */
  readonly companions?: RegExp;
  /**
   * What a library has in it if it is of the right CUDA; for those whose name does not tell. Only
   * what the system has is looked at so: of a package the name tells.
   */
  readonly marker?: { readonly library: string; readonly text: string };
  /** Size of the download. */
  readonly wheelBytes: number;
  /** Size of the libraries. */
  readonly libraryBytes: number;
}

/** CUDA's major version: libraries of another one are of no use. */
export const CUDA_MAJOR = 13;
/** Oldest driver for {@link CUDA_MAJOR}, whatever the minor version; NVIDIA's CUDA compatibility guide. */
export const LEAST_DRIVER = 580;
/** Oldest glibc that the packages are built for: the largest of their `manylinux` tags. */
export const LEAST_GLIBC = '2.28';
/** The `manylinux` tags that the packages have. */
export const PLATFORM_TAGS = [
  'manylinux_2_28_x86_64',
  'manylinux_2_27_x86_64',
  'manylinux_2_17_x86_64',
  'manylinux_2_12_x86_64',
  'manylinux2014_x86_64',
  'manylinux2010_x86_64',
] as const;
/** The library that binds ONNX Runtime to CUDA. */
export const PROVIDER = 'libonnxruntime_providers_cuda.so';
/** ONNX Runtime itself; it looks for {@link PROVIDER} in the folder that it was loaded from. */
export const RUNTIME = 'libonnxruntime.so.1';
/** The driver's own library, which comes with the driver and with nothing else. */
export const DRIVER_LIBRARY = 'libcuda.so.1';

/**
 * All that is needed, in an order in which the libraries can be loaded. The versions of CUDA 13.0
 * run with every driver that knows CUDA 13. TensorRT is left out: nothing here uses it.
 */
export const CUDA_PIECES: readonly CudaPiece[] = [
  {
    package: 'nvidia-cuda-runtime',
    version: '13.0.96',
    libraries: ['libcudart.so.13'],
    wheelBytes: 2_243_632,
    libraryBytes: 704_288,
  },
  {
    package: 'nvidia-cublas',
    version: '13.0.2.14',
    libraries: ['libcublasLt.so.13', 'libcublas.so.13'],
    wheelBytes: 420_882_912,
    libraryBytes: 593_973_192,
  },
  {
    package: 'nvidia-curand',
    version: '10.4.0.35',
    libraries: ['libcurand.so.10'],
    // CUDA 11 and 12 have a library of the same name.
    marker: { library: 'libcurand.so.10', text: '/r13.' },
    wheelBytes: 59_544_258,
    libraryBytes: 132_698_328,
  },
  {
    package: 'nvidia-cuda-nvrtc',
    version: '13.0.88',
    libraries: ['libnvrtc.so.13'],
    companions: /^libnvrtc-builtins\.so\.13\.\d+$/,
    wheelBytes: 90_215_200,
    libraryBytes: 113_718_680,
  },
  {
    package: 'nvidia-nvjitlink',
    version: '13.0.88',
    libraries: ['libnvJitLink.so.13'],
    wheelBytes: 40_713_933,
    libraryBytes: 98_806_736,
  },
  {
    package: 'nvidia-cufft',
    version: '12.0.0.61',
    libraries: ['libcufft.so.12'],
    wheelBytes: 214_085_489,
    libraryBytes: 286_542_352,
  },
  {
    package: 'nvidia-cudnn-cu13',
    version: '9.15.1.9',
    libraries: [
      'libcudnn_graph.so.9',
      'libcudnn_ops.so.9',
      'libcudnn_cnn.so.9',
      'libcudnn_adv.so.9',
      'libcudnn_heuristic.so.9',
      'libcudnn_engines_precompiled.so.9',
      'libcudnn_engines_runtime_compiled.so.9',
      'libcudnn.so.9',
    ],
    // cuDNN 9 for CUDA 12 has libraries of the same names.
    marker: { library: 'libcudnn_cnn.so.9', text: 'release 13.' },
    wheelBytes: 351_298_418,
    libraryBytes: 472_445_472,
  },
  {
    package: 'onnxruntime-gpu',
    libraries: ['libonnxruntime_providers_shared.so', PROVIDER],
    wheelBytes: 246_658_419,
    libraryBytes: 272_064_536,
  },
];

/** The version of a piece that goes with an onnxruntime-node. */
export function versionOf(piece: CudaPiece, bindingVersion: string): string {
  return piece.version ?? bindingVersion;
}

/** The piece that must have the version of onnxruntime-node. */
export function isProvider(piece: CudaPiece): boolean {
  return piece.version === undefined;
}

/** Whether a file belongs to a piece. */
export function belongsTo(piece: CudaPiece, name: string): boolean {
  return piece.libraries.includes(name) || piece.companions?.test(name) === true;
}

/** What of a piece is not among some files; a companion is named by its pattern. */
export function lackingOf(piece: CudaPiece, names: readonly string[]): readonly string[] {
  const lacking = piece.libraries.filter((name) => !names.includes(name));
  const { companions } = piece;
  if (companions === undefined || names.some((name) => companions.test(name))) return lacking;
  return [...lacking, companions.source.replaceAll(/[\\^$]/g, '').replace('d+', '*')];
}
