import { describe, expect, it } from 'vitest';
import { commandFor, historyCommandFor, stepFor } from '../../../src/ui/shell/shortcuts.ts';

describe('keyboard shortcuts', () => {
  it.each([
    [' ', 'body', null, 'play'],
    // Space activates the focused button.
    [' ', 'button', null, null],
    [' ', 'summary', null, null],
    ['ArrowLeft', 'button', null, 'step'],
    // Fields, sliders and tabs use the arrow keys.
    ['ArrowLeft', 'input', null, null],
    ['ArrowRight', 'textarea', null, null],
    ['ArrowRight', 'button', 'tab', null],
    ['Escape', 'body', null, 'stop'],
    ['Escape', 'button', 'tab', 'stop'],
    // Sliders and radio buttons are not text fields.
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
    // Command+Y is a shortcut of the browser.
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
