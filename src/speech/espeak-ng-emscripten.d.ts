/** The part of the WASM build's interface that we use; the package brings no types. */
declare module '@echogarden/espeak-ng-emscripten' {
  export interface EspeakHandle {
    set_voice(name: string): number;
    /** The caller owns the string behind the pointer. */
    convert_to_phonemes(text: string, ipa: boolean): { readonly ptr: number };
    synthesize_ipa(text: string): { readonly code: number; readonly ipa: string };
  }

  /** A file in the module's memory. */
  export interface EspeakFile {
    readonly mode: number;
    /** A part of the package's `espeak-ng.data`, at the same offset. */
    readonly contents: Uint8Array;
  }

  export interface EspeakFiles {
    readdir(path: string): string[];
    lookupPath(path: string): { readonly node: EspeakFile };
    isDir(mode: number): boolean;
  }

  export interface EspeakModule {
    readonly FS: EspeakFiles;
    readonly HEAPU8: Uint8Array;
    readonly eSpeakNGWorker: new () => EspeakHandle;
    _free(pointer: number): void;
  }

  // eslint-disable-next-line import/no-default-export -- the package exports its factory so
  export default function createModule(): Promise<EspeakModule>;
}
