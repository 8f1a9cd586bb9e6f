import { describe, expect, it } from 'vitest';
import { commandFor, historyCommandFor, stepFor } from '../../../src/ui/shell/shortcuts.ts';

describe('keyboard shortcuts', () => {
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

  it('in a text field do not stop a run', () => {
    for (const tag of ['input', 'textarea', 'select']) {
      expect(commandFor('Escape', { tag, role: null, isText: true })).toBeNull();
    }
  });

  it.each([
    ['z', ['ctrlKey'], 'undo'],
    ['z', ['metaKey'], 'undo'],
    ['Z', ['ctrlKey', 'shiftKey'], 'redo'],
    ['Z', ['metaKey', 'shiftKey'], 'redo'],
    ['y', ['ctrlKey'], 'redo'],
    // Command and Y is the browser's.
    ['y', ['metaKey'], null],
    // AltGr.
    ['z', ['ctrlKey', 'altKey'], null],
    ['z', [], null],
    ['x', ['ctrlKey'], null],
  ] as const)('%j with %j: %s, and nothing in a text field', (key, held, command) => {
    const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
    const event = { key, ...none, ...Object.fromEntries(held.map((name) => [name, true])) };
    expect(historyCommandFor(event, { isText: false })).toBe(command);
    expect(historyCommandFor(event, { isText: true })).toBeNull();
  });

  it('reach both ends with Home and End', () => {
    expect(['ArrowLeft', 'ArrowRight', 'Home', 'End', 'a'].map((key) => stepFor(key, 12))).toEqual([
      -1,
      1,
      -12,
      12,
      null,
    ]);
  });
});
