import * as v from 'valibot';

/** Results of a step. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of failed tests. */
  readonly failures: readonly string[];
  /** What could not be tested on this machine, and why. */
  readonly untested: readonly string[];
}

export const nothing: Outcome = { passed: 0, failed: 0, skipped: 0, failures: [], untested: [] };

/** Sum of outcomes. */
export function sum(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce(
    (a, b) => ({
      passed: a.passed + b.passed,
      failed: a.failed + b.failed,
      skipped: a.skipped + b.skipped,
      failures: [...a.failures, ...b.failures],
      untested: [...a.untested, ...b.untested],
    }),
    nothing,
  );
}

/** Outcome of a step without single tests; a failure counts as one failed test. */
export function whole(name: string, ok: boolean): Outcome {
  return ok ? nothing : { ...nothing, failed: 1, failures: [name] };
}

/** Counts a program that failed without a failed test (a crash, or a file that did not load) as one failure. */
export function withStatus(outcome: Outcome, name: string, status: number): Outcome {
  if (status === 0 || outcome.failed > 0) return outcome;
  return { ...outcome, failed: 1, failures: [`${name}: ended with status ${status}`] };
}

const vitestSchema = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      message: v.string(),
      assertionResults: v.array(v.object({ fullName: v.string(), status: v.string() })),
    }),
  ),
});

/** Parses the report of Vitest's JSON reporter. `root` is removed from file names. */
export function readVitest(report: unknown, root: string): Outcome {
  return sum(
    v.parse(vitestSchema, report).testResults.map((file) => {
      const name = file.name.startsWith(root) ? file.name.slice(root.length) : file.name;
      const count = (status: string) => file.assertionResults.filter((test) => test.status === status).length;
      const failures = file.assertionResults
        .filter((test) => test.status === 'failed')
        .map((test) => `${name}: ${test.fullName}`);
      if (file.status === 'failed' && failures.length === 0) {
        failures.push(`${name}: ${file.message.split('\n')[0] ?? ''}`);
      }
      const passed = count('passed');
      return {
        passed,
        failed: failures.length,
        skipped: file.assertionResults.length - passed - count('failed'),
        failures,
        untested: [],
      };
    }),
  );
}

interface PlaywrightSuite {
  specs: {
    title: string;
    file: string;
    line: number;
    tests: { projectName: string; status: string }[];
  }[];
  suites?: PlaywrightSuite[] | undefined;
}

const playwrightSuiteSchema: v.GenericSchema<PlaywrightSuite> = v.object({
  specs: v.array(
    v.object({
      title: v.string(),
      file: v.string(),
      line: v.number(),
      tests: v.array(v.object({ projectName: v.string(), status: v.string() })),
    }),
  ),
  suites: v.optional(v.array(v.lazy(() => playwrightSuiteSchema))),
});
const playwrightSchema = v.object({
  suites: v.array(playwrightSuiteSchema),
  errors: v.array(v.object({ message: v.optional(v.string()) })),
});

/** Parses the report of Playwright's JSON reporter. */
export function readPlaywright(report: unknown): Outcome {
  const { suites, errors } = v.parse(playwrightSchema, report);
  const outsideTests = errors.map(({ message = 'unknown error' }) => message.split('\n')[0] ?? '');
  return sum([...suites.map(readSuite), { ...nothing, failed: outsideTests.length, failures: outsideTests }]);
}

function readSuite(suite: PlaywrightSuite): Outcome {
  const own = suite.specs.flatMap((spec) =>
    spec.tests.map(({ projectName, status }): Outcome => {
      if (status === 'expected') return { ...nothing, passed: 1 };
      if (status === 'skipped') return { ...nothing, skipped: 1 };
      const name = `${spec.file}:${spec.line} on ${projectName}: ${spec.title}`;
      return { ...nothing, failed: 1, failures: [name] };
    }),
  );
  return sum([...own, ...(suite.suites ?? []).map(readSuite)]);
}

/** Parses the lines `name  error  limit  ok|FAIL` printed by `npm run conformance`. */
export function readConformance(output: string, name: string): Outcome {
  const lines = output.split('\n').map((line) => line.trimEnd());
  const failures = lines
    .filter((line) => /\sFAIL$/.test(line))
    .map((line) => `${name}: ${line.trim().replace(/\s+/g, ' ')}`);
  return {
    ...nothing,
    passed: lines.filter((line) => /\sok$/.test(line)).length,
    failed: failures.length,
    failures,
  };
}
