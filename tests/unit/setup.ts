import { afterEach } from 'vitest';
import { closeConnections } from './store/fakes/connection.ts';

// Here, and not beside what is closed: test files share modules, and a hook holds for the file that registers it.
afterEach(closeConnections);
