import { useSelect, useStores } from '../shared/stores.ts';

/** Polite live region: announces to screen readers what happens on the screen. */
export function Announcer() {
  const { notices } = useStores();
  const announcement = useSelect(notices, (state) => state.announcement);
  return (
    <div role="status" aria-live="polite" className="hidden-text">
      {announcement}
    </div>
  );
}
