import { useSelect, useStores } from '../shared/stores.ts';

/** Says to a screen reader, when it next falls silent, what a person at the screen sees happening. */
export function Announcer() {
  const { notices } = useStores();
  const announcement = useSelect(notices, (state) => state.announcement);
  return (
    <div role="status" aria-live="polite" className="hidden-text">
      {announcement}
    </div>
  );
}
