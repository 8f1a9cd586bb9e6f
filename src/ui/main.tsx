import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { browserEnvironment, createStores } from '../store/index.ts';
import { App } from './shell/App.tsx';
import { StoresContext } from './shared/stores.ts';
import './shared/base.css';

const stores = createStores(browserEnvironment());
void stores.models.begin().then(() => {
  // The model's settings of the last visit are there by now, for the link's to take their place. Whoever follows a link
  // wants to begin with its settings, and not to go on with what was open last.
  if (!stores.settingsLink.open()) void stores.projects.reopen();
});

const root = document.getElementById('root');
if (!root) throw new Error('The page has no root.');
createRoot(root).render(
  <StrictMode>
    <StoresContext value={stores}>
      <App />
    </StoresContext>
  </StrictMode>,
);
