import { describe, expect, it } from 'vitest';
import { InputError, MediaError } from '../../../src/base/index.ts';
import { createNotices } from '../../../src/store/notices.ts';

const bad = (file: string) =>
  new InputError('bad-file', 'This file is bad.', { remedy: 'Take another.', details: { file } });

describe('notices', () => {
  it('queue errors, and count one that comes again', () => {
    const notices = createNotices();
    notices.error(bad('a'));
    notices.error(new MediaError('full', 'The disk is full.', { remedy: 'Make room.' }));
    notices.error(bad('a'));
    notices.error(bad('b'));
    expect(notices.getState().notices.map(({ message, count }) => [message, count])).toEqual([
      ['This file is bad.', 2],
      ['The disk is full.', 1],
      ['This file is bad.', 1],
    ]);
    expect(notices.getState().notices[0]?.technical).toBe('InputError bad-file\nfile = a');
  });

  it('never show that something was stopped', () => {
    const notices = createNotices();
    notices.error(new DOMException('Stopped.', 'AbortError'));
    expect(notices.getState().notices).toEqual([]);
  });

  it('make an unknown error something that can be acted on', () => {
    const notices = createNotices();
    notices.error(new TypeError('x is undefined'));
    expect(notices.getState().notices[0]).toMatchObject({ message: 'x is undefined', kind: 'error' });
    expect(notices.getState().notices[0]?.remedy).not.toBe('');
  });

  it('let go of what news offered, once, however it goes', () => {
    const notices = createNotices();
    const gone: string[] = [];
    const tell = (topic: string, name: string) => {
      notices.info(topic, name, [], () => gone.push(name));
    };
    tell('frames', 'first');
    tell('settings', 'other topic');
    tell('frames', 'second');
    expect(gone).toEqual(['first']);
    const second = notices.getState().notices.find(({ message }) => message === 'second');
    notices.dismiss(second?.id ?? 0);
    notices.dismissTopic('frames');
    expect(gone).toEqual(['first', 'second']);
    expect(notices.getState().notices.map(({ message }) => message)).toEqual(['other topic']);
  });
});
