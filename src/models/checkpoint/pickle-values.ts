/** A Python list. */
export class PyList {
  readonly items: PyValue[] = [];
}

/** A Python tuple. */
export class PyTuple {
  readonly items: readonly PyValue[];
  constructor(items: readonly PyValue[]) {
    this.items = items;
  }
}

/** A Python dict, in insertion order. A Map, so that keys cannot collide with properties of objects. */
export class PyDict {
  readonly entries = new Map<PyValue, PyValue>();
}

/** Base class of host objects: results of globals, persistent ids and calls. */
export abstract class PyObject {
  /** Name for error messages. */
  abstract readonly label: string;
}

/** A global that a pickle may call. */
export class PyFunction extends PyObject {
  readonly label: string;
  readonly call: (args: readonly PyValue[]) => PyValue;
  constructor(label: string, call: (args: readonly PyValue[]) => PyValue) {
    super();
    this.label = label;
    this.call = call;
  }
}

/** All values in a pickle. Integers that are not safe as numbers are bigint. */
export type PyValue =
  null | boolean | number | bigint | string | Uint8Array | PyList | PyTuple | PyDict | PyObject;
