import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { softwareVulkanManifest } from '../../tools/software-vulkan.ts';
import { backportsSource, namesSuite } from './apt-sources.ts';
import { cache, findChromium, findHeadlessShell } from './chromium.ts';
import { findCommand, outputOf, run } from './process.ts';

/** Programs and libraries that the tests need and npm does not provide. */
export type Need =
  | 'ffmpeg'
  | 'metadata'
  | 'webp'
  | 'nginx'
  | 'chromium'
  | 'headlessShell'
  | 'vulkan'
  | 'mesa'
  | 'compiler'
  | 'firefox'
  | 'webkit';

interface Requirement {
  /** Purpose, as shown in the summary. */
  readonly label: string;
  readonly packages: readonly string[];
  /** Whether all tests run without it, only slower. */
  readonly optional?: true;
  present(): boolean;
}

/** First version of Mesa whose software Vulkan driver supports float16 in shaders. */
const mesaMajor = 25;

export const requirements: Readonly<Record<Need, Requirement>> = {
  ffmpeg: {
    label: 'ffmpeg, which reads exported animations back',
    packages: ['ffmpeg'],
    present: () => findCommand('ffmpeg') !== null && findCommand('ffprobe') !== null,
  },
  metadata: {
    label: 'exiftool, which reads what exported files say of themselves',
    packages: ['libimage-exiftool-perl'],
    present: () => findCommand('exiftool') !== null,
  },
  webp: {
    label: 'webpinfo and webpmux, which read animated WebP',
    packages: ['webp'],
    present: () => findCommand('webpinfo') !== null && findCommand('webpmux') !== null,
  },
  nginx: {
    label: 'nginx, a web server that is not configured for the page',
    packages: ['nginx-light'],
    present: () => findCommand('nginx') !== null || existsSync('/usr/sbin/nginx'),
  },
  chromium: {
    label: 'Chromium',
    packages: ['chromium'],
    present: () => findChromium() !== null,
  },
  headlessShell: {
    label: "Chromium's headless shell, in which page tests take less time",
    packages: ['chromium-headless-shell'],
    optional: true,
    present: () => {
      const program = findChromium();
      // Beside another Chromium than Debian's, the package would be of no use.
      return (
        program !== null && (!program.startsWith('/usr/lib/chromium/') || findHeadlessShell(program) !== null)
      );
    },
  },
  vulkan: {
    label: 'the Vulkan loader',
    packages: ['libvulkan1'],
    present: () => process.platform !== 'linux' || libraryExists('libvulkan.so.1'),
  },
  mesa: {
    label: `Mesa ${mesaMajor}'s software Vulkan driver`,
    packages: ['mesa-vulkan-drivers'],
    present: () => process.platform !== 'linux' || mesaIsRecent(),
  },
  compiler: {
    label: 'a C compiler, for the Vulkan shim in front of Chromium',
    packages: ['gcc', 'libc6-dev'],
    present: () => findCommand('cc') !== null && existsSync('/usr/include/dlfcn.h'),
  },
  firefox: {
    label: 'Firefox',
    packages: ['firefox-esr'],
    present: () => findCommand('firefox-esr') !== null || findCommand('firefox') !== null,
  },
  webkit: {
    label: 'WebKitGTK with its driver, and a virtual screen',
    packages: ['webkit2gtk-driver', 'xvfb', 'xauth'],
    present: () => ['WebKitWebDriver', 'xvfb-run', 'xauth'].every((name) => findCommand(name) !== null),
  },
};

function libraryExists(name: string): boolean {
  const triplets = readdirSync('/usr/lib').map((folder) => `/usr/lib/${folder}`);
  return ['/usr/lib', '/usr/lib64', '/usr/local/lib', ...triplets].some((folder) =>
    existsSync(join(folder, name)),
  );
}

/** A driver that dpkg does not know was installed deliberately, and is accepted as it is. */
function mesaIsRecent(): boolean {
  if (softwareVulkanManifest() === null) return false;
  const version = outputOf('dpkg-query', ['-W', '-f', '${Version}', 'mesa-vulkan-drivers']);
  return version === null || version === '' || majorOf(version) >= mesaMajor;
}

function majorOf(version: string): number {
  return Number.parseInt(version.replace(/^\d+:/, ''), 10);
}

/** Needs that are not met on this machine. */
export function missing(needs: readonly Need[]): Need[] {
  return needs.filter((need) => !requirements[need].present());
}

/** File that names optional packages which could not be installed, so that not every run tries again. */
const notInstalled = join(cache, 'not-installed.json');

/** Needs that a run should try to install: all but optional ones that could not be installed here before. */
export function worthInstalling(needs: readonly Need[]): Need[] {
  const known: unknown = existsSync(notInstalled) ? JSON.parse(readFileSync(notInstalled, 'utf8')) : [];
  const failed = v.parse(v.array(v.string()), known);
  return needs.filter((need) => !requirements[need].packages.some((name) => failed.includes(name)));
}

/** Needs without which tests are skipped. */
export function required(needs: readonly Need[]): Need[] {
  return needs.filter((need) => !requirements[need].optional);
}

/**
 * Installs missing packages with apt, as root or through passwordless sudo. Does not change apt's configuration: the
 * backports for Mesa are added in a temporary folder of sources.
 *
 * @returns why something is still missing, or null if all needs but optional ones are met
 */
export async function install(needs: readonly Need[]): Promise<string | null> {
  if (process.env['DRIFT_NO_INSTALL'] === '1') return 'DRIFT_NO_INSTALL is set';
  if (findCommand('apt-get') === null) {
    return 'packages are installed only on Debian and its relatives (apt-get)';
  }
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (asRoot.length > 0 && outputOf('sudo', ['-n', 'true']) === null) {
    return 'installing needs root, or sudo without a password';
  }

  const folder = mkdtempSync(join(tmpdir(), 'drift-apt-'));
  try {
    const backports = writeSources(folder);
    const apt = async (...args: string[]): Promise<string | null> => {
      const [command = 'env', ...rest] = [
        ...asRoot,
        ...['env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C.UTF-8', 'apt-get', '-qq', '-y'],
        ...['-o', `Dir::Etc::sourceparts=${folder}`, '-o', 'DPkg::Lock::Timeout=600', ...args],
      ];
      const { status, output } = await run(command, rest, { output: 'collect' });
      return status === 0 ? null : lastLines(output);
    };

    // A failing third-party source is not fatal: what counts is whether the packages get installed.
    const updateFailure = await apt('update');
    const packagesOf = (some: readonly Need[]) => some.flatMap((need) => requirements[need].packages);
    const plain = packagesOf(needs.filter((need) => need !== 'mesa' && !requirements[need].optional));
    const failures = [plain.length > 0 ? await apt('install', '--no-install-recommends', ...plain) : null];
    if (needs.includes('mesa')) {
      const release = mesaCandidate(folder) >= mesaMajor || backports === null ? [] : ['-t', backports];
      failures.push(
        await apt('install', '--no-install-recommends', ...release, ...requirements.mesa.packages),
      );
    }
    // Alone, since apt installs nothing at all if a release lacks one of the packages.
    const optional = packagesOf(needs.filter((need) => requirements[need].optional));
    if (optional.length > 0) {
      const reason = await apt('install', '--no-install-recommends', ...optional);
      // Without a connection it is tried again.
      if (reason !== null && updateFailure === null) {
        mkdirSync(cache, { recursive: true });
        writeFileSync(notInstalled, JSON.stringify(optional));
      }
    }
    const failure = failures.find((text) => text !== null) ?? null;
    if (failure !== null) {
      return `apt-get said: ${failure}${updateFailure === null ? '' : `\n${updateFailure}`}`;
    }
    return required(missing(needs)).length === 0 ? null : 'this release has no version that is new enough';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Copies the machine's sources to `folder` and adds the release's backports.
 *
 * @returns the suite of the backports, or null if there are none
 */
function writeSources(folder: string): string | null {
  const parts = '/etc/apt/sources.list.d';
  const files = (existsSync(parts) ? readdirSync(parts) : [])
    .filter((name) => /\.(list|sources)$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(parts, name), 'utf8') }));
  for (const { name, text } of files) writeFileSync(join(folder, name), text);

  const main = '/etc/apt/sources.list';
  const all = existsSync(main) ? [...files, { name: main, text: readFileSync(main, 'utf8') }] : files;
  const backports = backportsSource(all, codename());
  if (backports === null) return null;
  if (!namesSuite(all, backports.suite)) writeFileSync(join(folder, backports.fileName), backports.text);
  return backports.suite;
}

function codename(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^VERSION_CODENAME="?([^"\n]*)/m.exec(release)?.[1] ?? '';
}

/** Major version of Mesa that apt would install without the backports. */
function mesaCandidate(folder: string): number {
  const policy = outputOf('env', [
    ...['LC_ALL=C', 'apt-cache', '-o', `Dir::Etc::sourceparts=${folder}`, 'policy', 'mesa-vulkan-drivers'],
  ]);
  return majorOf(/Candidate:\s*(\S+)/.exec(policy ?? '')?.[1] ?? '0');
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-5).join('\n');
}
