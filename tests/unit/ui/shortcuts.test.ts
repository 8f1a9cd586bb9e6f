import { describe, expect, it } from 'vitest';
import { commandFor, stepFor } from '../../../src/ui/shell/shortcuts.ts';

describe('keys', () => {
  it.each([
    [' ', 'body', null, 'play'],
    // Space presses the button that has the focus.
    [' ', 'button', null, null],
    [' ', 'summary', null, null],
    ['ArrowLeft', 'button', null, 'step'],
    // Arrows belong to fields, sliders and tabs.
    ['ArrowLeft', 'input', null, null],
    ['ArrowRight', 'textarea', null, null],
    ['ArrowRight', 'button', 'tab', null],
    ['Escape', 'body', null, 'stop'],
    ['Escape', 'button', 'tab', 'stop'],
    // A slider or a radio button is no field for text.
    ['Escape', 'input', null, 'stop'],
    ['x', 'body', null, null],
  ])('%j on %s (role %s): %s', (key, tag, role, command) => {
    expect(commandFor(key, { tag, role, isText: false })).toBe(command);
  });

  it('that are typed into a field do not stop a run', () => {
    for (const tag of ['input', 'textarea', 'select']) {
      expect(commandFor('Escape', { tag, role: null, isText: true })).toBeNull();
    }
  });

  it('reach both ends from anywhere', () => {
    expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'a'].map((key) => stepFor(key, 12))).toEqual([
      -1,
      1,
      -12,
      12,
      null,
    ]);
  });
});
