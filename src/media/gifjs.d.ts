/** The part of gif.js 0.2.0 that Drift uses; the package brings no types. */
declare module 'gif.js' {
  interface Options {
    /** Address of gif.worker.js, a classic script. */
    workerScript: string;
    workers: number;
    /** 0 repeats for ever, -1 plays once. */
    repeat: number;
    /** Every how many pixels the palette is learnt from; 1 is best and slowest. */
    quality: number;
    dither: false | 'FloydSteinberg' | 'FalseFloydSteinberg' | 'Stucki' | 'Atkinson';
    width: number;
    height: number;
  }

  class GIF {
    constructor(options: Options);
    /** `delay` in milliseconds, rounded to hundredths of a second. */
    addFrame(image: ImageData, options: { delay: number }): void;
    on(event: 'progress', listener: (fraction: number) => void): void;
    on(event: 'finished', listener: (blob: Blob, data: Uint8Array<ArrayBuffer>) => void): void;
    /** Starts the workers; `abort` ends only those that are at work. */
    render(): void;
    readonly freeWorkers: readonly Worker[];
    readonly activeWorkers: readonly Worker[];
  }

  export default GIF;
}
