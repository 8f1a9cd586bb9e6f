#!/usr/bin/env node
/**
 * `npm test`: installs what the tests need, runs all of them and says at the end what could not be tested here.
 * `npm test -- unit gpu` runs only the steps that are named. See rig/run.ts.
 */
import './rig/register.mjs';

const { main } = await import('./rig/run.ts');
process.exitCode = await main(process.argv.slice(2));
