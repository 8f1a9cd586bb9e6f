import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { browserEnvironment, createStores, readWish, sharedSettings } from '../store/index.ts';
import { App } from './shell/App.tsx';
import { StoresContext } from './shared/stores.ts';
import './shared/base.css';

const stores = createStores(browserEnvironment());
stores.model.load(() => readWish(window.location.search, document.baseURI));
const shared = sharedSettings(window.location.hash);
if (shared) {
  stores.settings.set(shared);
  // They are taken over once: from now on the settings are the person's own.
  history.replaceState(null, '', window.location.pathname + window.location.search);
} else {
  void stores.projects.reopen();
}

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root.');
createRoot(root).render(
  <StrictMode>
    <StoresContext value={stores}>
      <App />
    </StoresContext>
  </StrictMode>,
);
