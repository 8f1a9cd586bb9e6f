import { useId, useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';

/**
 * Tabs after the ARIA Authoring Practices, with automatic activation: arrow keys, Home and End select a tab and focus
 * it. Not from a library, because one would take a twentieth of the budget of initial JavaScript.
 */
export function Tabs<T extends string>({
  label,
  tabs,
  chosen,
  onChoose,
  className,
  listClassName,
  tabClassName,
  panelClassName,
  children,
}: {
  readonly label: string;
  readonly tabs: readonly { readonly id: T; readonly label: string; readonly description: string }[];
  readonly chosen: T;
  readonly onChoose: (id: T) => void;
  readonly className?: string | undefined;
  readonly listClassName?: string | undefined;
  readonly tabClassName?: string | undefined;
  readonly panelClassName?: string | undefined;
  /** Content of the selected tab's panel. */
  readonly children: ReactNode;
}) {
  const list = useRef<HTMLDivElement>(null);
  const name = useId();
  const choose = (index: number) => {
    const tab = tabs[(index + tabs.length) % tabs.length];
    if (!tab) return;
    onChoose(tab.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${tab.id}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const index = tabs.findIndex(({ id }) => id === chosen);
    const targets: Partial<Record<string, number>> = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      Home: 0,
      End: tabs.length - 1,
    };
    const next = targets[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  };
  return (
    <div className={className}>
      <div ref={list} role="tablist" aria-label={label} className={listClassName} onKeyDown={onKeyDown}>
        {tabs.map(({ id, label: text, description }) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`${name}-${id}`}
            data-tab={id}
            data-state={id === chosen ? 'active' : 'inactive'}
            aria-selected={id === chosen}
            aria-controls={id === chosen ? `${name}-panel` : undefined}
            tabIndex={id === chosen ? 0 : -1}
            title={description}
            className={tabClassName}
            onClick={() => {
              onChoose(id);
            }}
          >
            {text}
          </button>
        ))}
      </div>
      <div
        key={chosen}
        role="tabpanel"
        id={`${name}-panel`}
        aria-labelledby={`${name}-${chosen}`}
        tabIndex={-1}
        className={panelClassName}
      >
        {children}
      </div>
    </div>
  );
}
