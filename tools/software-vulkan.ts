import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where the Vulkan loader looks for drivers. */
const driverFolders = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];

/** The manifest of Mesa's software Vulkan driver (lavapipe), or null where it is not installed. */
export function softwareVulkanManifest(): string | null {
  for (const folder of driverFolders.filter((path) => existsSync(path))) {
    const name = readdirSync(folder).find((file) => /^lvp_icd\b.*\.json$/.test(file));
    if (name !== undefined) return join(folder, name);
  }
  return null;
}
