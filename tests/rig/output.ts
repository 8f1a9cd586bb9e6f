import { run } from './process.ts';

/**
 * Output of a step: shown at once, or, while another step shows its own, kept until `flush`.
 */
export class StepOutput {
  readonly #kept: string[] | null;

  constructor(shows: boolean) {
    this.#kept = shows ? null : [];
  }

  print(line: string): void {
    if (this.#kept === null) console.log(line);
    else this.#kept.push(`${line}\n`);
  }

  /** Runs a program to its end, with its output as that of the step. */
  async run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; output: string }> {
    const result = await run(command, args, { env, output: this.#kept === null ? 'both' : 'collect' });
    this.#kept?.push(result.output);
    return result;
  }

  /** Shows what was kept. */
  flush(): void {
    process.stdout.write(this.#kept?.splice(0).join('') ?? '');
  }
}
