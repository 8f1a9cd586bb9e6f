import { describe, expect, it } from 'vitest';
import { Peaks } from '../../../../tools/soak/peaks.ts';
import { checks, figures, tableHead, tableRow } from '../../../../tools/soak/report.ts';
import type { Measured } from '../../../../tools/soak/report.ts';

const picture = { width: 256, height: 256, colours: 5000, mean: 120, standardDeviation: 40 };
const load = { all: 60, verify: 10, networks: { UNet: 40 } };

function measured(changes: Partial<Measured> = {}): Measured {
  const attempt = (from: number, to: number) => ({
    resumed: from > 0 ? 'notice' : null,
    times: { look: 1, verify: 2, download: 5, began: 0, ended: 5000, from, to, of: 3e9 },
    sentBytes: 1.1e9,
    rates: { float32: { bytes: 0.8e9, seconds: 4 }, all: { bytes: 1e9, seconds: 5 } },
  });
  return {
    machine: {
      cores: 2,
      processor: 'x',
      memoryBytes: 16e9,
      browser: '1',
      runsOn: 'GPU',
      quotaBytes: 1e10,
    },
    size: 'full',
    line: null,
    attempts: [attempt(0, 0.3), attempt(0.29, 0.65), attempt(0.64, 1)],
    cpu: { tool: 3, browser: 9 },
    load,
    frame: {
      all: 200,
      prompts: 20,
      encode: 10,
      steps: [100, 55.55],
      decode: 14,
      picture,
      notices: [],
    },
    reload: { ready: 70, load, hubRequests: 0 },
    peaks: new Peaks(),
    ...changes,
  };
}

const broken = (changes: Partial<Measured>) =>
  Object.entries(checks(measured(changes), 256)).flatMap(([what, holds]) => (holds ? [] : [what]));

describe('the report', () => {
  it('passes all checks for a good run', () => {
    expect(broken({})).toEqual([]);
  });

  it('fails for blank frames, requests to the hub, and workers with too much memory', () => {
    const { frame, reload } = measured();
    const blank = { ...picture, colours: 1, standardDeviation: 0 };
    expect(broken({ frame: { ...frame, picture: blank } })).toEqual(['the frame is not blank']);
    expect(broken({ reload: { ...reload, hubRequests: 1 } })).toEqual([
      'nothing was asked of the hub on the next visit',
    ]);
    const peaks = new Peaks();
    peaks.note('load', 'diffusion', { objects: 10e6, buffers: 250e6 });
    peaks.note('load', 'diffusion', { objects: 10e6, buffers: 20e6 });
    expect(broken({ peaks })).toEqual(['no worker held more than 256 MB in JavaScript']);
  });

  it('has the same figures as JSON and as a table row', () => {
    const { download } = figures(measured());
    expect(download).toMatchObject({
      float32MegabytesPerSecond: 200,
      megabytesPerSecond: 200,
      sentMoreThanOnceMegabytes: 300,
      verifySeconds: 6,
    });
    const cells = tableRow(measured()).split('|').slice(1, -1);
    expect(cells).toHaveLength(tableHead.length);
    expect(cells.join('|')).toContain(' 200 MB/s | 300 MB, 6 s | 60 s | 20 s | 200 s | 55.5 s | 70 s ');
  });
});
