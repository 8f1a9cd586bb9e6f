import { expect, it } from 'vitest';
import { Scope } from '../../../src/diffusion/index.ts';

it('Scope frees what it owns, once, and not what was released from it', () => {
  const freed: string[] = [];
  const resource = (name: string) => ({
    name,
    dispose: () => {
      freed.push(name);
    },
  });
  const scope = new Scope();
  scope.own(resource('a'));
  const kept = scope.own(resource('b'));
  scope.own(resource('c'));
  expect(scope.release(kept)).toBe(kept);
  // Tensors that it does not own can be released as well.
  scope.release(resource('d'));
  scope.dispose();
  scope.dispose();
  expect(freed).toEqual(['a', 'c']);
});
