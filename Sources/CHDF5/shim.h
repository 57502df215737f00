// The C face of libhdf5 for Swift.
//
// Much of HDF5's interface is macros: global type and property ids that initialise the library when
// they are read, and functions whose name depends on the library's version. Swift sees neither, so
// each one that is needed has an inline function here.

#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H

#include <hdf5.h>

// MARK: Constants that are macros

static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline hid_t chdf5_all(void) { return H5S_ALL; }
static inline hid_t chdf5_error_stack(void) { return H5E_DEFAULT; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline size_t chdf5_variable_length(void) { return H5T_VARIABLE; }

static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_link_create(void) { return H5P_LINK_CREATE; }
static inline hid_t chdf5_attribute_create(void) { return H5P_ATTRIBUTE_CREATE; }

// MARK: Types

static inline hid_t chdf5_string(void) { return H5T_C_S1; }
static inline hid_t chdf5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_native_int8(void) { return H5T_NATIVE_INT8; }
static inline hid_t chdf5_native_int16(void) { return H5T_NATIVE_INT16; }
static inline hid_t chdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t chdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t chdf5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t chdf5_native_uint16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t chdf5_native_uint32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t chdf5_native_uint64(void) { return H5T_NATIVE_UINT64; }

static inline hid_t chdf5_float32_little(void) { return H5T_IEEE_F32LE; }
static inline hid_t chdf5_float32_big(void) { return H5T_IEEE_F32BE; }
static inline hid_t chdf5_float64_little(void) { return H5T_IEEE_F64LE; }
static inline hid_t chdf5_float64_big(void) { return H5T_IEEE_F64BE; }

static inline hid_t chdf5_int8_little(void) { return H5T_STD_I8LE; }
static inline hid_t chdf5_int16_little(void) { return H5T_STD_I16LE; }
static inline hid_t chdf5_int32_little(void) { return H5T_STD_I32LE; }
static inline hid_t chdf5_int64_little(void) { return H5T_STD_I64LE; }
static inline hid_t chdf5_uint8_little(void) { return H5T_STD_U8LE; }
static inline hid_t chdf5_uint16_little(void) { return H5T_STD_U16LE; }
static inline hid_t chdf5_uint32_little(void) { return H5T_STD_U32LE; }
static inline hid_t chdf5_uint64_little(void) { return H5T_STD_U64LE; }

// MARK: Functions whose signature depends on the version

typedef void (*chdf5_visitor)(void *context, const char *name);

typedef struct {
  chdf5_visitor visit;
  void *context;
} chdf5_visit;

static herr_t chdf5_visit_link(
    hid_t group, const char *name, const H5L_info_t *info, void *context) {
  (void)group;
  (void)info;
  const chdf5_visit *visit = (const chdf5_visit *)context;
  visit->visit(visit->context, name);
  return 0;
}

static herr_t chdf5_visit_attribute(
    hid_t object, const char *name, const H5A_info_t *info, void *context) {
  (void)object;
  (void)info;
  const chdf5_visit *visit = (const chdf5_visit *)context;
  visit->visit(visit->context, name);
  return 0;
}

/// Calls `visit` with the name of every member of a group.
static inline herr_t chdf5_each_member(hid_t group, chdf5_visitor visit, void *context) {
  chdf5_visit visitor = {visit, context};
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, chdf5_visit_link, &visitor);
}

/// Calls `visit` with the name of every attribute of an object.
static inline herr_t chdf5_each_attribute(hid_t object, chdf5_visitor visit, void *context) {
  chdf5_visit visitor = {visit, context};
  return H5Aiterate2(
      object, H5_INDEX_NAME, H5_ITER_INC, NULL, chdf5_visit_attribute, &visitor);
}

/// 1 for a hard link, 0 for any other kind, negative on failure.
static inline int chdf5_is_hard_link(hid_t group, const char *name) {
  H5L_info_t info;
  if (H5Lget_info(group, name, &info, H5P_DEFAULT) < 0) return -1;
  return info.type == H5L_TYPE_HARD;
}

/// Reading needs no file lock, and some file systems have none to give.
static inline herr_t chdf5_disable_file_lock(hid_t access) {
#if H5_VERSION_GE(1, 10, 7)
  return H5Pset_file_locking(access, 0, 1);
#else
  (void)access;
  return 0;
#endif
}

/// Filter `index` of a dataset's pipeline, negative on failure.
static inline H5Z_filter_t chdf5_filter(hid_t creation, unsigned index) {
  unsigned flags = 0;
  size_t values = 0;
  return H5Pget_filter2(creation, index, &flags, &values, NULL, 0, NULL, NULL);
}

static inline H5Z_filter_t chdf5_filter_deflate(void) { return H5Z_FILTER_DEFLATE; }
static inline H5Z_filter_t chdf5_filter_shuffle(void) { return H5Z_FILTER_SHUFFLE; }
static inline H5Z_filter_t chdf5_filter_fletcher32(void) { return H5Z_FILTER_FLETCHER32; }

#endif
