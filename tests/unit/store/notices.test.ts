import { describe, expect, it } from 'vitest';
import { InputError, MediaError } from '../../../src/base/index.ts';
import { createNotices } from '../../../src/store/notices.ts';

const bad = (file: string) =>
  new InputError('bad-file', 'This file is bad.', { remedy: 'Take another.', details: { file } });

describe('notices', () => {
  it('queue errors, and count repeated ones', () => {
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

  it('ignore an AbortError', () => {
    const notices = createNotices();
    notices.error(new DOMException('Stopped.', 'AbortError'));
    expect(notices.getState().notices).toEqual([]);
  });

  it('have a remedy for an unknown error', () => {
    const notices = createNotices();
    notices.error(new TypeError('x is undefined'));
    expect(notices.getState().notices[0]).toMatchObject({ message: 'x is undefined', kind: 'error' });
    expect(notices.getState().notices[0]?.remedy).not.toBe('');
  });

  it('run the dismissal callback once, whether replaced or dismissed', () => {
    const notices = createNotices();
    const gone: string[] = [];
    const notify = (topic: string, name: string) => {
      notices.info(topic, name, [], () => gone.push(name));
    };
    notify('frames', 'first');
    notify('settings', 'other topic');
    notify('frames', 'second');
    expect(gone).toEqual(['first']);
    const second = notices.getState().notices.find(({ message }) => message === 'second');
    notices.dismiss(second?.id ?? 0);
    notices.dismissTopic('frames');
    expect(gone).toEqual(['first', 'second']);
    expect(notices.getState().notices.map(({ message }) => message)).toEqual(['other topic']);
  });
});
