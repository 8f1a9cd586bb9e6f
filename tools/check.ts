import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseArgs, promisify } from 'node:util';

const usage = `Usage: npm run check -- [--since REV]

Types, lint and formatting of the files that differ from REV (default HEAD), committed or not, and the unit tests that
import them. For while you work; "npm test" runs everything.`;

const lintable = /\.(ts|tsx|js|mjs)$/;
const formatted = /\.(ts|tsx|js|mjs|css|json|md|html|yml|yaml)$/;
const tested = /^(src|workers|tools|tests)\/.*\.(ts|tsx|wgsl)$/;

/** Entry point. See `usage`. Returns 1 if anything fails. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    options: { since: { type: 'string', default: 'HEAD' } },
    allowPositionals: true,
  });
  if (positionals.length > 0) {
    console.error(usage);
    return 2;
  }
  const files = await changedFiles(values.since);
  const chosen = (pattern: RegExp) => files.filter((file) => pattern.test(file));
  console.log(files.length === 1 ? '1 file differs.' : `${files.length} files differ.`);
  const [types, lint, format] = await Promise.all([
    run('types', 'tsc', ['-b']),
    run(
      'lint',
      'eslint',
      ['--cache', '--cache-location', '.cache/eslint', '--no-warn-ignored'],
      chosen(lintable),
    ),
    run('format', 'prettier', ['--check'], chosen(formatted)),
  ]);
  const unit = await run('unit', 'vitest', ['related', '--run', '--project', 'unit'], chosen(tested));
  return types && lint && format && unit ? 0 : 1;
}

/** Files that exist and differ from a revision, including those that git does not track yet. */
async function changedFiles(revision: string): Promise<string[]> {
  const lines = async (...words: string[]) => {
    const { stdout } = await promisify(execFile)('git', words);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const differing = await lines('diff', '--name-only', '--relative', revision);
  const untracked = await lines('ls-files', '--others', '--exclude-standard');
  return [...new Set([...differing, ...untracked])].filter((file) => existsSync(file));
}

/** Runs a program of `node_modules/.bin`, or skips it if its list of files is empty. Returns whether it passed. */
async function run(name: string, program: string, words: string[], files?: string[]): Promise<boolean> {
  if (files?.length === 0) return true;
  const began = performance.now();
  const child = spawn(`node_modules/.bin/${program}`, [...words, ...(files ?? [])], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${name}: ${code === 0 ? 'ok' : 'FAILED'}, ${seconds} s`);
  return code === 0;
}
