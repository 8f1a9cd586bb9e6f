import { describe, expect, it } from 'vitest';
import { readConformance, readPlaywright, readVitest, withStatus } from '../../rig/reports.ts';

describe('reading test reports', () => {
  it('counts Vitest’s tests, and a file that did not load as one failure', () => {
    const report = {
      testResults: [
        {
          name: '/drift/tests/unit/a.test.ts',
          status: 'failed',
          message: '',
          assertionResults: [
            { fullName: 'a adds', status: 'passed' },
            { fullName: 'a subtracts', status: 'failed' },
            { fullName: 'a divides', status: 'skipped' },
            { fullName: 'a multiplies', status: 'todo' },
          ],
        },
        {
          name: '/drift/tests/unit/b.test.ts',
          status: 'failed',
          message: 'Cannot find module\nat line 1',
          assertionResults: [],
        },
      ],
    };
    expect(readVitest(report, '/drift/')).toEqual({
      passed: 1,
      failed: 2,
      skipped: 2,
      failures: ['tests/unit/a.test.ts: a subtracts', 'tests/unit/b.test.ts: Cannot find module'],
      untested: [],
    });
  });

  it('counts Playwright’s tests in nested suites, and errors outside of tests', () => {
    const spec = (title: string, ...tests: [string, string][]) => ({
      title,
      file: 'a.spec.ts',
      line: 7,
      tests: tests.map(([projectName, status]) => ({ projectName, status })),
    });
    const report = {
      suites: [
        {
          specs: [spec('opens', ['float16', 'expected'], ['cpu', 'unexpected'])],
          suites: [{ specs: [spec('closes', ['float16', 'skipped'], ['cpu', 'flaky'])] }],
        },
      ],
      errors: [{ message: 'the server did not start\nat line 1' }],
    };
    const outcome = readPlaywright(report);
    expect(outcome).toMatchObject({ passed: 1, failed: 3, skipped: 1 });
    expect([...outcome.failures].sort()).toEqual([
      'a.spec.ts:7 on cpu: closes',
      'a.spec.ts:7 on cpu: opens',
      'the server did not start',
    ]);
  });

  it('counts the result lines of a conformance run only', () => {
    const output =
      'Checking 3 things, all ok?\nunet/999  1.2e-6  1e-4  ok\nunet/500  1e-2  1e-4  FAIL\nauto/1  52 dB  45 dB  ok\n';
    expect(readConformance(output, 'cpu')).toMatchObject({
      passed: 2,
      failed: 1,
      failures: ['cpu: unet/500 1e-2 1e-4 FAIL'],
    });
  });

  it('counts a program that failed without a failed test as one failure', () => {
    const passed = readConformance('a 1 2 ok', 'cpu');
    expect(withStatus(passed, 'cpu', 0).failed).toBe(0);
    expect(withStatus(passed, 'cpu', 2)).toMatchObject({ passed: 1, failed: 1 });
    expect(withStatus(readConformance('a 1 2 FAIL', 'cpu'), 'cpu', 1).failed).toBe(1);
  });
});
