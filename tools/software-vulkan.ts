import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folders in which the Vulkan loader looks for driver manifests. */
const driverFolders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** Path of the manifest of Mesa's software Vulkan driver (lavapipe); null if it is not installed. */
export function softwareVulkanManifest(): string | null {
  for (const folder of driverFolders.filter((path) => existsSync(path))) {
    const name = readdirSync(folder).find((file) => /^lvp_icd\b.*\.json$/.test(file));
    if (name !== undefined) return join(folder, name);
  }
  return null;
}
