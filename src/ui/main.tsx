import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { browserEnvironment, createStores, nextPaint } from '../store/index.ts';
import { App } from './shell/App.tsx';
import { StoresContext } from './shared/stores.ts';
import './shared/base.css';
import './shell/opening.css';

const place = document.getElementById('root');
if (!place) throw new Error('The page has no root.');
const root = createRoot(place);
const stores = createStores(browserEnvironment(show()));
void stores.models.begin().then(() => {
  // The settings stored with the model are loaded by now, so the link's settings override them. A link opens with its
  // settings; the last project is not reopened then.
  if (!stores.settingsLink.open()) void stores.projects.reopen();
});

// The development server has no service worker.
if (import.meta.env.PROD) {
  window.addEventListener('load', () => {
    // The page works without: in private windows that refuse caches, or if the script does not arrive.
    import('./shell/installed.ts')
      .then(({ startInstalled }) => startInstalled(stores))
      .catch(() => undefined);
  });
}

window.addEventListener('load', () => {
  // The page works without, too.
  import('./shell/afterLoad.ts')
    .then(({ afterLoad }) => {
      afterLoad(stores);
    })
    .catch(() => undefined);
});

function render(complete: boolean): void {
  root.render(
    <StrictMode>
      <StoresContext value={stores}>
        <App complete={complete} />
      </StoresContext>
    </StrictMode>,
  );
}

/** Resolves in a task after the next repaint; at once in a hidden tab, which is not repainted. */
function repainted(): Promise<void> {
  return new Promise((resolve) => {
    if (document.hidden) resolve();
    else nextPaint(() => setTimeout(resolve));
  });
}

/** Renders the page, in two tasks, since a phone answers clicks and keys only between tasks. */
async function show(): Promise<void> {
  // Otherwise the first thing to be seen may be what the program draws, half a second later on a phone.
  await repainted();
  render(false);
  await repainted();
  render(true);
  await repainted();
}
