import { describe, expect, it } from 'vitest';
import { createHistory, historyCapacity } from '../../../src/store/history.ts';
import { createNotices } from '../../../src/store/notices.ts';
import { createOffers } from '../../../src/store/offers.ts';

function rig() {
  const notices = createNotices();
  const history = createHistory({ mayChangeFrames: () => true, notices });
  const offers = createOffers({ history, notices });
  const undone: string[] = [];
  const record = (label: string) =>
    history.record({
      label,
      touches: 'frames',
      projects: [label],
      undo: () => undone.push(label) > 0,
      redo: () => true,
    });
  const offer = (label: string) => {
    offers.show('topic', `${label} is gone.`, 'Bring back', record(label));
  };
  const shown = () => notices.getState().notices.map(({ message }) => message);
  return { notices, history, undone, record, offer, shown };
}

describe('undo offer', () => {
  it('undoes its entry, even out of order', () => {
    const { notices, undone, record, offer, shown } = rig();
    offer('a');
    record('b');
    notices.getState().notices[0]?.actions[0]?.run();
    expect([undone, shown()]).toEqual([['a'], []]);
  });

  it('is withdrawn when its entry was undone, removed or evicted', async () => {
    const { history, record, offer, shown } = rig();
    offer('a');
    await history.undo();
    expect(shown()).toEqual([]);
    offer('b');
    record('c');
    history.remove('b');
    expect(shown()).toEqual([]);
    offer('d');
    for (let count = 0; count < historyCapacity - 1; count++) record('more');
    expect(shown()).toEqual(['d is gone.']);
    record('more');
    expect(shown()).toEqual([]);
  });

  it('stays when the entry of an earlier offer of its topic is removed', () => {
    const { history, offer, shown } = rig();
    offer('a');
    offer('b');
    history.remove('a');
    expect(shown()).toEqual(['b is gone.']);
  });
});
