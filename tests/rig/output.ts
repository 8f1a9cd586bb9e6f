import { run } from './process.ts';

/** Output of a step, kept until it is shown. */
export class StepOutput {
  readonly #show: (chunk: string | Buffer) => void;
  readonly #kept: (string | Buffer)[] = [];
  #isShown = false;

  /** @param show - writes to the terminal */
  constructor(show: (chunk: string | Buffer) => void) {
    this.#show = show;
  }

  print(line: string): void {
    this.#write(`${line}\n`);
  }

  /** Runs a program to its end, with its output as that of the step. */
  run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; output: string }> {
    return run(command, args, {
      env,
      onOutput: (chunk) => {
        this.#write(chunk);
      },
    });
  }

  /** Shows what was kept, and from now on everything at once. Idempotent. */
  show(): void {
    this.#isShown = true;
    for (const chunk of this.#kept.splice(0)) this.#show(chunk);
  }

  #write(chunk: string | Buffer): void {
    if (this.#isShown) this.#show(chunk);
    else this.#kept.push(chunk);
  }
}
