/*
 * A Vulkan driver that stands in front of Mesa's software driver and gives it SwiftShader's identity.
 *
 * Chromium's WebGPU refuses every software adapter other than SwiftShader, which does not support float16 in shaders;
 * Mesa's driver does. This shim forwards every call to Mesa and changes only the vendor id and the device id, so that
 * tests can run Drift's float16 path in a real browser on a machine without a GPU.
 *
 * Build: cc -shared -fPIC -DDRIVER='"libvulkan_lvp.so"' vulkan-icd.c -o libdrift_icd.so
 *
 * The few declarations below are the beginnings of structures of the Vulkan specification, so that no Vulkan
 * headers are needed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define SWIFTSHADER_VENDOR 0x1AE0u
#define SWIFTSHADER_DEVICE 0xC0DEu
#define VK_ERROR_INCOMPATIBLE_DRIVER (-9)

typedef void (*Function)(void);
typedef Function (*GetProcAddr)(void *instance, const char *name);

/* VkPhysicalDeviceProperties; deviceType and what follows are not touched. */
typedef struct {
  uint32_t apiVersion, driverVersion, vendorID, deviceID;
} Properties;

/* VkPhysicalDeviceProperties2. */
typedef struct {
  int32_t sType;
  void *pNext;
  Properties properties;
} Properties2;

static void *driver(const char *name) {
  static void *library;
  if (library == NULL) library = dlopen(DRIVER, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "drift: %s\n", dlerror());
    return NULL;
  }
  return dlsym(library, name);
}

static void (*driverProperties)(void *device, Properties *properties);
static void (*driverProperties2)(void *device, Properties2 *properties);

static void disguise(Properties *properties) {
  properties->vendorID = SWIFTSHADER_VENDOR;
  properties->deviceID = SWIFTSHADER_DEVICE;
}

static void properties(void *device, Properties *out) {
  driverProperties(device, out);
  disguise(out);
}

static void properties2(void *device, Properties2 *out) {
  driverProperties2(device, out);
  disguise(&out->properties);
}

EXPORT Function vk_icdGetInstanceProcAddr(void *instance, const char *name);

/* Puts our function in the place of the driver's, remembering the driver's. Other functions pass through. */
static Function wrap(const char *name, Function function) {
  if (function == NULL) return NULL;
  if (strcmp(name, "vkGetInstanceProcAddr") == 0) return (Function)vk_icdGetInstanceProcAddr;
  if (strcmp(name, "vkGetPhysicalDeviceProperties") == 0) {
    driverProperties = (void (*)(void *, Properties *))function;
    return (Function)properties;
  }
  if (strcmp(name, "vkGetPhysicalDeviceProperties2") == 0 ||
      strcmp(name, "vkGetPhysicalDeviceProperties2KHR") == 0) {
    driverProperties2 = (void (*)(void *, Properties2 *))function;
    return (Function)properties2;
  }
  return function;
}

EXPORT Function vk_icdGetInstanceProcAddr(void *instance, const char *name) {
  GetProcAddr get = (GetProcAddr)driver("vk_icdGetInstanceProcAddr");
  return get == NULL ? NULL : wrap(name, get(instance, name));
}

EXPORT Function vk_icdGetPhysicalDeviceProcAddr(void *instance, const char *name) {
  GetProcAddr get = (GetProcAddr)driver("vk_icdGetPhysicalDeviceProcAddr");
  return get == NULL ? NULL : wrap(name, get(instance, name));
}

EXPORT int32_t vk_icdNegotiateLoaderICDInterfaceVersion(uint32_t *version) {
  int32_t (*negotiate)(uint32_t *) =
      (int32_t(*)(uint32_t *))driver("vk_icdNegotiateLoaderICDInterfaceVersion");
  return negotiate == NULL ? VK_ERROR_INCOMPATIBLE_DRIVER : negotiate(version);
}
