/** Prints as JSON whether Node has a GPU with float16: `{"reason": null}`, or the reason why not. */
import './register.mjs';

const { openNodeGpu } = await import('../../tools/node-gpu.ts');
const opened = await openNodeGpu();
const lacking =
  opened.gpu !== null && !opened.float16 ? `${opened.description} has no float16 in shaders` : null;
console.log(JSON.stringify({ reason: opened.reason ?? lacking }));
if (opened.gpu !== null) opened.dispose();
