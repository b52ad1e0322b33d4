// HDF5 hides its predefined types behind macros that call H5open(); these give them to Swift as functions.
#pragma once
#include <hdf5.h>

static inline hid_t steadyset_h5t_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t steadyset_h5t_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t steadyset_h5t_u64le(void) { return H5T_STD_U64LE; }
static inline hid_t steadyset_h5t_u16le(void) { return H5T_STD_U16LE; }
static inline hid_t steadyset_h5t_u8(void) { return H5T_STD_U8LE; }
static inline hid_t steadyset_h5t_c_s1(void) { return H5T_C_S1; }
static inline hid_t steadyset_h5p_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t steadyset_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t steadyset_h5p_dataset_create(void) { return H5P_DATASET_CREATE; }
