import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          environment: 'node',
          setupFiles: ['tests/unit/setup.ts'],
          // Files that share a process share its modules, and ONNX Runtime is compiled once, which saves a fifth of the
          // time. What a test replaces is put back, also if it fails.
          isolate: false,
          restoreMocks: true,
          // Vitest itself leaves a core to the main process, which has little to do.
          maxWorkers: '100%',
          // Only against what hangs: a busy machine compiles WebAssembly slowly.
          testTimeout: 300_000,
        },
      },
      {
        // Real WGSL on a real (software) Vulkan driver; one process, so that there is one GPU device at a time.
        test: {
          name: 'gpu',
          include: ['tests/gpu/**/*.test.ts'],
          environment: 'node',
          setupFiles: ['tests/rig/node-gpu.setup.ts'],
          pool: 'forks',
          fileParallelism: false,
          // The setup gives each file a GPU of its own; modules are shared, as in the unit tests.
          isolate: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        // The built page in Firefox and WebKitGTK, one browser at a time.
        test: {
          name: 'engines',
          include: ['tests/engines/**/*.test.ts'],
          environment: 'node',
          // Beside the page tests, and only against what hangs.
          testTimeout: 900_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
