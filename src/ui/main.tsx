import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { browserEnvironment, createStores } from '../store/index.ts';
import { App } from './shell/App.tsx';
import { StoresContext } from './shared/stores.ts';
import './shared/base.css';
import './shell/opening.css';

const stores = createStores(browserEnvironment());
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

/** Runs a function once the browser has painted the document; at once in a hidden tab, which is not painted. */
function afterPaint(run: () => void): void {
  if (document.hidden) run();
  else requestAnimationFrame(() => setTimeout(run));
}

const place = document.getElementById('root');
if (!place) throw new Error('The page has no root.');
const root = createRoot(place);

/** Loads the model of the last visit, and what was open. */
function begin(): void {
  void stores.models.begin().then(() => {
    // The settings stored with the model are loaded by now, so the link's settings override them. A link opens with its
    // settings; the last project is not reopened then.
    if (!stores.settingsLink.open()) void stores.projects.reopen();
  });
}

function render(complete: boolean): void {
  root.render(
    <StrictMode>
      <StoresContext value={stores}>
        <App complete={complete} />
      </StoresContext>
    </StrictMode>,
  );
}

// Otherwise the first thing to be seen may be what the program draws, half a second later on a phone. In two tasks, since
// a phone answers clicks and keys only between tasks. The model comes after them: its workers would compete with them for
// the few cores of a phone.
afterPaint(() => {
  render(false);
  afterPaint(() => {
    render(true);
    afterPaint(begin);
  });
});
