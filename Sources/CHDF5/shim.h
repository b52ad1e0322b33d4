// HDF5 hides its constants behind macros that call H5open() or cast; these give them to Swift as functions.
#pragma once
#include <hdf5.h>

static inline hid_t steadyset_h5t_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t steadyset_h5t_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t steadyset_h5t_i64le(void) { return H5T_STD_I64LE; }
static inline hid_t steadyset_h5t_u64le(void) { return H5T_STD_U64LE; }
static inline hid_t steadyset_h5t_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t steadyset_h5t_u16le(void) { return H5T_STD_U16LE; }
static inline hid_t steadyset_h5t_u8(void) { return H5T_STD_U8LE; }
static inline hid_t steadyset_h5t_i8le(void) { return H5T_STD_I8LE; }
static inline hid_t steadyset_h5t_c_s1(void) { return H5T_C_S1; }
static inline hid_t steadyset_h5p_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t steadyset_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t steadyset_h5p_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t steadyset_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }

// The filters of shards under their names; they work nowhere, as chunks are written and read as they are stored.
static inline size_t steadyset_no_filter(unsigned flags, size_t count, const unsigned values[], size_t bytes, size_t *size,
                                         void **buffer) {
    (void)flags, (void)count, (void)values, (void)bytes, (void)size, (void)buffer;
    return 0;
}
static inline herr_t steadyset_h5z_register(void) {
    static const H5Z_class2_t blosc = {H5Z_CLASS_T_VERS, 32001, 1, 1, "blosc", NULL, NULL, steadyset_no_filter};
    static const H5Z_class2_t blosc2 = {H5Z_CLASS_T_VERS, 32026, 1, 1, "blosc2", NULL, NULL, steadyset_no_filter};
    static const H5Z_class2_t archive = {H5Z_CLASS_T_VERS, 48217, 1, 1, "steadyset-archive", NULL, NULL, steadyset_no_filter};
    if (H5Zregister(&blosc) < 0 || H5Zregister(&blosc2) < 0) return -1;
    return H5Zregister(&archive);
}

static inline hid_t steadyset_h5p_default(void) { return H5P_DEFAULT; }
static inline hid_t steadyset_h5s_all(void) { return H5S_ALL; }
static inline hid_t steadyset_h5e_default(void) { return H5E_DEFAULT; }
static inline unsigned steadyset_h5f_acc_rdonly(void) { return H5F_ACC_RDONLY; }
static inline unsigned steadyset_h5f_acc_excl(void) { return H5F_ACC_EXCL; }
static inline int steadyset_h5fd_accumulate_metadata(void) { return H5FD_FEAT_ACCUMULATE_METADATA; }
static inline unsigned steadyset_h5z_flag_optional(void) { return H5Z_FLAG_OPTIONAL; }
