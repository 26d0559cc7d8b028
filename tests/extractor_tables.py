"""Small tables in the form each program writes them; the forms are those of the readers' docstrings and of the shared folder's files."""

from __future__ import annotations

from pathlib import Path

from radaudit.testing.readers import Sample

SETTINGS = "{'binWidth': 25, 'label': 1, 'normalize': False, 'resampledPixelSpacing': [1, 1, 1]}"
GENERAL = "{'binWidth': 10, 'label': 3}"


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")
    return path


def samples(folder: Path) -> dict[str, Sample]:
    """Write one table per form into ``folder`` and say what stands in it; the key is the reader, or the reader and a form."""
    return {**pyradiomics(folder), **tagged(folder), **coded(folder), **documented(folder)}


def pyradiomics(folder: Path) -> dict[str, Sample]:
    """PyRadiomics 3 (CSV, JSON, txt), 1.3, and 3D Slicer's two forms."""
    names = (
        "diagnostics_Versions_PyRadiomics,diagnostics_Configuration_Settings,diagnostics_Image-original_Hash,diagnostics_Mask-original_Hash"
    )
    batch = f"ID,Image,Mask,{names},original_shape_Sphericity,wavelet-LLH_glcm_Idm\n"
    batch += f'007,/x/a.nii,/x/m.nii,v3.0.1,"{SETTINGS}",aa,ab,0.5,1.25\n012,/x/b.nii,/x/m.nii,v3.0.1,"{SETTINGS}",ba,bb,0.75,2.5\n'
    json = (
        '[{"ID": "007", "diagnostics_Versions_PyRadiomics": "v3.1.0", "diagnostics_Configuration_Settings": {"binWidth": 25}, '
        '"original_shape_Sphericity": 0.5, "original_firstorder_Mean": 1.5}]'
    )
    txt = (
        f"Case-1_Image: /x/a.nii\nCase-1_diagnostics_Versions_PyRadiomics: v3.0.1\nCase-1_diagnostics_Configuration_Settings: {SETTINGS}\n"
    )
    txt += "Case-1_original_shape_Sphericity: 0.5\nCase-1_original_firstorder_Mean: 1.5\n"
    old = (
        "case;general_info_Version;general_info_GeneralSettings;general_info_ImageHash;general_info_MaskHash;original_shape_Volume;study\n"
    )
    old += f"a;1.3.0;{GENERAL};1;2;5.5;S1\nb;1.3.0;{GENERAL};3;4;6.5;S2\n"
    long = "Label,Input image type,Feature Class,Feature Name,Value\n"
    for label, value in (("tumour", "0.5"), ("node", "0.25")):
        long += f"{label},original,shape,Sphericity,{value}\n{label},original,firstorder,Mean,12.5\n"
        long += f"{label},diagnostics,Versions,PyRadiomics,3.0.1\n"
    wide = "Image type,Feature Class,Feature Name,Segment_1,Segment_2\ndiagnostics,Versions,PyRadiomics,3.0.1,3.0.1\n"
    wide += "original,shape,Sphericity,0.5,0.25\noriginal,firstorder,Mean,12.5,13.5\n"
    told = ("diagnostics_Versions_PyRadiomics", "diagnostics_Image-original_Hash", "Image")
    return {
        "pyradiomics": Sample(
            path=put(folder, "batch.csv", batch),
            rows=2,
            id="ID",
            ids=("007", "012"),
            features={"original_shape_Sphericity": 0.5, "wavelet-LLH_glcm_Idm": 1.25},
            diagnostics=told,
            settings={"version": "3.0.1", "binWidth": "25"},
        ),
        "pyradiomics json": Sample(
            path=put(folder, "cases.json", json),
            rows=1,
            id="ID",
            ids=("007",),
            features={"original_firstorder_Mean": 1.5},
            diagnostics=("diagnostics_Versions_PyRadiomics",),
            settings={"version": "3.1.0", "binWidth": "25"},
        ),
        "pyradiomics txt": Sample(
            path=put(folder, "case.txt", txt),
            rows=1,
            id="Case",
            ids=("Case-1",),
            features={"original_firstorder_Mean": 1.5},
            diagnostics=("diagnostics_Versions_PyRadiomics", "Image"),
            settings={"version": "3.0.1", "binWidth": "25", "resampledPixelSpacing": "[1, 1, 1]"},
        ),
        "pyradiomics 1": Sample(
            path=put(folder, "old.csv", old),
            rows=2,
            id="case",
            ids=("a", "b"),
            features={"original_shape_Volume": 5.5},
            diagnostics=("general_info_Version", "general_info_ImageHash"),
            settings={"version": "1.3.0", "binWidth": "10"},
        ),
        "slicer": Sample(
            path=put(folder, "slicer.csv", long),
            rows=2,
            id="Label",
            ids=("tumour", "node"),
            features={"original_shape_Sphericity": 0.5, "original_firstorder_Mean": 12.5},
            diagnostics=("diagnostics_Versions_PyRadiomics",),
            settings={"version": "3.0.1"},
            reshaped=True,
        ),
        "slicer wide": Sample(
            path=put(folder, "slicer_wide.csv", wide),
            rows=2,
            id="Label",
            ids=("Segment_1", "Segment_2"),
            features={"original_shape_Sphericity": 0.5, "original_firstorder_Mean": 12.5},
            diagnostics=("diagnostics_Versions_PyRadiomics",),
            settings={"version": "3.0.1"},
            reshaped=True,
        ),
    }


def tagged(folder: Path) -> dict[str, Sample]:
    """Programs that write IBSI's tags: MIRP 1 and 2, Z-Rad, PySERA, MEDimage, the IBSI template."""
    mirp = "sample_name;image_file_name;image_modality;image_voxel_size_x;image_voxel_size_y;image_voxel_size_z;image_settings_id;"
    mirp += (
        "image_mask_label;morph_volume;cm_contrast_d1_3d_avg_fbs_w25.0;log_s3.0_stat_mean\n007;a.nii;ct;1.0;1.0;2.0;set;gtv;12.5;3.5;4.5\n"
    )
    first = "id_subject;id_cohort;img_data_settings_id;img_data_modality;img_data_config;stat_mean;rlm_sre_3d_avg_fbn_n32\n"
    first += "01;C;x;ct;1;1.5;2.5\n"
    zrad = "pat_id,mask_id,bounding_box_min,no_voxels,no_bins,morph_volume,cm_energy_3D_avg\n"
    zrad += "007,gtv,4,99,31,12.5,0.25\n007,node,3,50,20,2.5,0.5\n"
    sera = "PatientID,ROI,img_dim_x_init_img,int_mask_mean_int_reseg_roi,morph_volume_mesh,glcm_auto_corr_3D_comb\n007,gtv,5,2.5,12.5,3.5\n"
    medimage = "PatientID,radVar1,radVar2,radVar3\nG-007,12.5,3.5,\nG-012,13.5,4.5,1\n"
    side = "||radVar1:morph_3D__Fmorph_vol__scale1||radVar2:glcm_3D_comb__Fcm_energy__scale1_algoFBN_bin8"
    side += "||radVar3:glcm_3D_comb__Fcm_energy__scale1_algoFBN_bin16||"
    template = "data_set,family,image_biomarker,consensus,benchmark_value,tolerance,your_result,difference,check,tag\n"
    template += "configuration A,Morphology,Volume,strong,358000,5000,358100,,,morph_volume\n"
    template += "configuration A,Statistics,Mean,strong,-47,1,-46.5,,,stat_mean\n"
    template += "configuration A,Statistics,Mode,none,,,,,,stat_mode\n"
    put(folder, "radiomics__CT(GTV)__all.txt", side)
    return {
        "mirp": Sample(
            path=put(folder, "p007_ct_A1B2C3D4E5F6G7H8.csv", mirp),
            rows=1,
            id="sample_name",
            ids=("007",),
            features={"morph_volume": 12.5, "cm_contrast_d1_3d_avg_fbs_w25.0": 3.5, "log_s3.0_stat_mean": 4.5},
            diagnostics=("image_file_name", "image_voxel_size_x"),
            settings={"discretisation": "fixed bins of 25", "voxel size": "1 x 1 x 2"},
        ),
        "mirp 1": Sample(
            path=put(folder, "mirp1.csv", first),
            rows=1,
            id="id_subject",
            ids=("01",),
            features={"stat_mean": 1.5, "rlm_sre_3d_avg_fbn_n32": 2.5},
            diagnostics=("img_data_settings_id",),
            settings={"discretisation": "32 bins"},
        ),
        "zrad": Sample(
            path=put(folder, "zrad.csv", zrad),
            rows=2,
            id="pat_id",
            ids=("007", "007"),
            features={"morph_volume": 12.5, "cm_energy_3D_avg": 0.25},
            diagnostics=("no_voxels", "no_bins", "bounding_box_min"),
        ),
        "pysera": Sample(
            path=put(folder, "sera.csv", sera),
            rows=1,
            id="PatientID",
            ids=("007",),
            features={"morph_volume_mesh": 12.5, "glcm_auto_corr_3D_comb": 3.5},
            diagnostics=("img_dim_x_init_img", "int_mask_mean_int_reseg_roi"),
        ),
        "medimage": Sample(
            path=put(folder, "radiomics__CT(GTV)__all.csv", medimage),
            rows=2,
            id="PatientID",
            ids=("G-007", "G-012"),
            features={"morph_3D__Fmorph_vol__scale1": 12.5, "glcm_3D_comb__Fcm_energy__scale1_algoFBN_bin8": 3.5},
            settings={"scale": "1", "algorithm": "FBN", "bin": "8, 16"},
            reshaped=True,
        ),
        "ibsi_template": Sample(
            path=put(folder, "template.csv", template),
            rows=1,
            id="data_set",
            ids=("configuration A",),
            features={"morph_volume": 358100.0, "stat_mean": -46.5},
            reshaped=True,
        ),
    }


def coded(folder: Path) -> dict[str, Sample]:
    """LIFEx 7, Nyxus in 2D and 3D, CaPTk, pyCERR and CERR."""
    lifex = "INFORMATIONS,INFO_PatientName,INFO_PatientID,INFO_NameOfRoi,PARAMS_BinSize,PARAMS_IntensityResampling,FEATURE RESULTS,"
    lifex += "MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3],GLCM_Contrast(IBSI:ACUI),INTENSITY-HISTOGRAM-RIM_RIM-IntensityMin(IBSI:No)[Intensity],"
    lifex += "MORPHOLOGICAL_Center(IBSI:No)[],\n"
    lifex += "LIFEx7.4.0-Wed Dec 13,X,007,'ROI_1,8.5,Absolute bounds: -999.0 <-> 1244.0,,12.5,3.5,18.0|19.0|NaN|,private,\n"
    lifex += "LIFEx7.4.0-Wed Dec 13,X,007,'ROI_2,8.5,Absolute bounds: -999.0 <-> 1244.0,,13.5,4.5,17.0|NaN|,private,\n"
    older = (
        "INFO_PatientName,INFO_NameOfRoi,CONVENTIONAL_SUVmax,SHAPE_Volume(mL),GLZLM_SZE,GLZLM_LZE,GLCM_Energy\nP1,T,7.5,3.5,0.5,0.25,0.1\n"
    )
    nyxus = "intensity_image,mask_image,ROI_label,t_index,MEAN,GLCM_ASM_0\n007.tif,007.tif,1,0.0,2.5,0.5\n007.tif,007.tif,2,0.0,3.5,0.25\n"
    solid = "intensity_image,mask_image,ROI_label,t_index,3MEAN,3GLCM_ASM_AVE\nA.nii.gz,A.nii.gz,1,0.0,2.5,0.5\n"
    captk = "SubjectID,T1_ED_Intensity_Mean,T1_ED_GLCM_Bins-20_Radius-1_Contrast,T1_ED_Volumetric_Volume,T1_ED_NGTDM_Strength\n"
    captk += "007,2.5,0.5,3.5,4.5\n"
    pycerr = "numVoxelsOrig,meanIntensityInterpReseg,original_shape_majorAxis,original_firstOrder_mean,original_glcm_energy_3D_avg\n"
    pycerr += "74,2.1,9.5,2.5,0.25\n"
    cerr = "patientID,structName,Original_firstOrderS_mean,Original_glcmFeatS_AvgS_energy,Original_shapeS_volume\n007,GTV,2.5,0.25,12.5\n"
    return {
        "lifex": Sample(
            path=put(folder, "lifex.csv", lifex),
            rows=2,
            id="INFO_PatientID",
            ids=("007", "007"),
            features={"MORPHOLOGICAL_Volume(IBSI:RNU0)[mm3]": 12.5, "GLCM_Contrast(IBSI:ACUI)": 3.5},
            diagnostics=(
                "PARAMS_BinSize",
                "INFORMATIONS",
                "FEATURE RESULTS",
                "INTENSITY-HISTOGRAM-RIM_RIM-IntensityMin(IBSI:No)[Intensity]",
            ),
            settings={"version": "7.4.0", "BinSize": "8.5"},
        ),
        "lifex older": Sample(
            path=put(folder, "lifex_older.csv", older),
            rows=1,
            id="INFO_PatientName",
            ids=("P1",),
            features={"CONVENTIONAL_SUVmax": 7.5, "GLZLM_SZE": 0.5},
        ),
        "nyxus": Sample(
            path=put(folder, "nyxus.csv", nyxus),
            rows=2,
            id="intensity_image",
            ids=("007.tif", "007.tif"),
            features={"MEAN": 2.5, "GLCM_ASM_0": 0.5},
            diagnostics=("mask_image",),
        ),
        "nyxus 3D": Sample(path=put(folder, "nyxus3.csv", solid), rows=1, id="intensity_image", ids=("A.nii.gz",), features={"3MEAN": 2.5}),
        "captk": Sample(
            path=put(folder, "captk.csv", captk),
            rows=1,
            id="SubjectID",
            ids=("007",),
            features={"T1_ED_Intensity_Mean": 2.5, "T1_ED_GLCM_Bins-20_Radius-1_Contrast": 0.5},
        ),
        "pycerr": Sample(
            path=put(folder, "pycerr.csv", pycerr),
            rows=1,
            features={"original_shape_majorAxis": 9.5, "original_glcm_energy_3D_avg": 0.25},
            diagnostics=("numVoxelsOrig", "meanIntensityInterpReseg"),
        ),
        "cerr": Sample(
            path=put(folder, "cerr.csv", cerr),
            rows=1,
            id="patientID",
            ids=("007",),
            features={"Original_firstOrderS_mean": 2.5, "Original_glcmFeatS_AvgS_energy": 0.25},
        ),
    }


def documented(folder: Path) -> dict[str, Sample]:
    """Programs of which no file was at hand: RaCaT, RadiomicsJ, RadiomiX, MaZda and qMaZda; and deep features."""
    racat = "Morphology,Volume,12.5\nMorphology,Sphericity,0.5\nLocal intensity,Local intensity peak,3.5\nStatistics,Mean,2.5\n"
    racat += "GLCMFeatures2Davg,joint maximum,0.25\nGLRLMFeatures3D,short runs emphasis,0.75\nngtdmFeatures3D,coarseness,nan\n"
    radj = (
        "ID,OperationalInfo_ImagingModality,Diagnostics_OriginalImageDimensionX,Morphological_Volume,GLCM_JointMaximum,Fractal_Capacity\n"
    )
    radj += "007,CT,512,12.5,0.25,1.5\n"
    radiomix = "PatientID,ROI,Stats_energy,Shape_volume,GLCM_autocorr,Wavelet_LLH_GLRLM_SRE\n007,GTV,2.5,12.5,3.5,0.5\n"
    mazda = "Feature\tROI 1\tROI 2\n"
    mazda += "Mean\t2.5\t3.5\nPerc.01%\t1.5\t2\nS(1,0)AngScMom\t0.5\t0.25\nHorzl_RLNonUni\t12.5\t13.5\nWavEnLL_s-1\t4.5\t5\n"
    long = "Region;Feature;Value\n1;S(1,0)AngScMom;0.5\n1;Teta1;0.25\n1;GrMean;1.5\n2;S(1,0)AngScMom;0.75\n2;Teta1;0.5\n2;GrMean;2.5\n"
    qmazda = "Category,YS8GlcmN1AngScMom,YS8GlcmN1Contrast,YM5ArmTeta1\nROI1,0.5,1.5,0.25\n"
    deep = "case," + ",".join(f"resnet50_{i}" for i in range(20)) + "\n007," + ",".join(f"0.{i}5" for i in range(20)) + "\n"
    return {
        "racat": Sample(
            path=put(folder, "007_racat.csv", racat),
            rows=1,
            features={"Morphology_Volume": 12.5, "GLCMFeatures2Davg_joint maximum": 0.25, "ngtdmFeatures3D_coarseness": float("nan")},
            reshaped=True,
        ),
        "radiomicsj": Sample(
            path=put(folder, "radiomicsj.csv", radj),
            rows=1,
            id="ID",
            ids=("007",),
            features={"Morphological_Volume": 12.5, "GLCM_JointMaximum": 0.25},
            diagnostics=("OperationalInfo_ImagingModality", "Diagnostics_OriginalImageDimensionX"),
        ),
        "oncoradiomics": Sample(
            path=put(folder, "radiomix.csv", radiomix),
            rows=1,
            id="PatientID",
            ids=("007",),
            features={"Stats_energy": 2.5, "Wavelet_LLH_GLRLM_SRE": 0.5},
        ),
        "mazda": Sample(
            path=put(folder, "mazda.par", mazda),
            rows=2,
            id="Feature",
            ids=("ROI 1", "ROI 2"),
            features={"Mean": 2.5, "S(1,0)AngScMom": 0.5, "WavEnLL_s-1": 4.5},
            reshaped=True,
        ),
        "mazda long": Sample(
            path=put(folder, "mazda_long.csv", long),
            rows=2,
            id="Region",
            ids=("1", "2"),
            features={"S(1,0)AngScMom": 0.5, "Teta1": 0.25},
            reshaped=True,
        ),
        "mazda q": Sample(
            path=put(folder, "qmazda.csv", qmazda),
            rows=1,
            id="Category",
            ids=("ROI1",),
            features={"YS8GlcmN1AngScMom": 0.5, "YM5ArmTeta1": 0.25},
        ),
        "deep": Sample(
            path=put(folder, "deep.csv", deep),
            rows=1,
            id="case",
            ids=("007",),
            features={"resnet50_0": 0.05, "resnet50_19": 0.195},
            settings={"network": "resnet50"},
        ),
    }
