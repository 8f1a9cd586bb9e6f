import type { ReactNode } from 'react';
import type { RecipeId } from '../../project/index.ts';

/** SVG shapes for each recipe: frames from left to right, the last one opaque. */
const pictures: Readonly<Record<RecipeId, ReactNode>> = {
  gentle: (
    <>
      <circle cx="12" cy="14" r="8" opacity=".3" />
      <circle cx="18" cy="14" r="8" opacity=".45" />
      <circle cx="24" cy="14" r="8" opacity=".6" />
      <circle cx="30" cy="14" r="8" />
    </>
  ),
  dream: (
    <>
      <circle cx="9" cy="14" r="6" opacity=".4" />
      <rect x="15.5" y="8" width="12" height="12" rx="4.5" opacity=".65" />
      <path
        d="M36 6.5c1.2 4.6 2.9 6.3 7.5 7.5-4.6 1.2-6.3 2.9-7.5 7.5-1.2-4.6-2.9-6.3-7.5-7.5 4.6-1.2 6.3-2.9 7.5-7.5z"
        transform="translate(-2.5 0)"
      />
    </>
  ),
  wild: (
    <>
      <circle cx="8" cy="19" r="4.5" opacity=".4" />
      <path d="M14 12 21 3l3 11z" opacity=".65" />
      <path d="m33 4 2.5 6.5 7-.5-5.4 4.5 2.4 7-6-4-6.5 3.5 2-7-5.5-4.5 7.2.2z" />
    </>
  ),
  loop: (
    <g fill="none" stroke="currentColor" strokeWidth="3.5" strokeLinecap="round">
      <path d="M21 14c-4-6-7-7.5-10-7.5a7.5 7.5 0 0 0 0 15c3 0 6-1.5 10-7.5" opacity=".55" />
      <path d="M21 14c4 6 7 7.5 10 7.5a7.5 7.5 0 0 0 0-15c-3 0-6 1.5-10 7.5" />
    </g>
  ),
  hand: (
    <>
      <rect x="7" y="3" width="10" height="10" rx="2.5" opacity=".35" />
      <rect x="7" y="15" width="10" height="10" rx="2.5" opacity=".35" />
      <rect x="19" y="3" width="10" height="10" rx="2.5" opacity=".35" />
      <rect x="19" y="15" width="10" height="10" rx="2.5" />
      <path d="m27 18 9.5 3.6-4.2 1.7-1.7 4.2z" stroke="var(--surface)" strokeWidth="1.5" />
    </>
  ),
};

/** Icon of a recipe. */
export function RecipePicture({ id }: { readonly id: RecipeId }) {
  return (
    <svg viewBox="0 0 42 28" width="42" height="28" fill="currentColor" aria-hidden>
      {pictures[id]}
    </svg>
  );
}
