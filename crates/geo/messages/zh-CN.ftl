# 地图、区划
geo-map = 地图
geo-figure = 指标
geo-level = 分区级别
geo-kind = 学校(机构)类别
geo-kinds-all = 全部类别
geo-points = 显示学校(机构)
geo-level-province = 省级
geo-level-city = 市级
geo-level-county = 县级
geo-level-township = 乡级
geo-level-village = 村级
geo-as-list = 以列表查看(L)
geo-as-map = 在地图上看
geo-institution = 学校(机构)
geo-institutions = 学校(机构)
geo-institutions-list = 学校(机构)名录
geo-all-institutions = { $n ->
   *[other] 全部 { $shown } 所
 }
geo-all-places = { $n ->
   *[other] 全部 { $shown } 个
 }
geo-go-inside = 进入下一级
geo-open = 打开区划页
geo-highest = { $figure }最高的学校(机构)
geo-lowest = { $figure }最低的学校(机构)
geo-rank = 由高到低第 { $rank } 位,同级有数据的共 { $count } 个
geo-table-title = { $figure }(分区列表)
geo-value = 数值
geo-unit = 单位
geo-name = 名称
geo-code = 区划代码
geo-above = 上级区划
geo-below = 下级区划数
geo-numerator = 分子
geo-denominator = 分母
geo-used = 计入(所)
geo-lacking = 缺项(所)
geo-years = 数据年度
geo-commit = 入库批次
geo-nature = 数据性质
geo-part = 仅含本单位数据
geo-outside = 无权查看
geo-whole = 全部
geo-no-value-or-outside = 无数据或无权查看
geo-coverage = 数据范围
geo-not-in-places = 未分到本级的学校(机构)
geo-picture-counties = 乡级分区较多,静态图按县级显示;进入某个县(区)后按乡级显示。

# 口径
geo-definition = { $figure }:{ $about }来源:{ $source }。
geo-nothing-before = 业务时点 { $day } 还没有{ $dataset }数据,最早的从 { $first } 起
geo-nothing-known = 到掌握时点 { $day } 为止还没有{ $dataset }数据入库
geo-note-school-year = 学年 { $year }
geo-note-year = { $year } 年
geo-note-span = { $first } 至 { $last }
geo-note-kinds = 类别:{ $kinds }
geo-note-used = 计入 { $count } 所
geo-note-missing = 缺项未计 { $count } 所
geo-note-nowhere = { $count } 所未填所在区划,未计入分区
geo-note-counties-missing = { $count } 个县(区)无数据
geo-note-outside = { $count } 个分区无权查看
geo-note-no-coordinates = { $count } 所无坐标,不在图上
geo-note-synthetic = 含合成数据
geo-note-as-of = 业务时点 { $day }
geo-note-commit = 入库批次 { $number }

# 审图号
geo-review = 审图号:{ $number } · 示意图,不作为划界依据
geo-review-missing = 未填写
geo-review-schematic = 示意图,不作为划界依据
geo-no-outlines-title = 还没有区划边界
geo-no-outlines = 导入区划边界文件(GeoJSON)后,这里显示地图。列表和数字现在就可以查看。
geo-no-outlines-import = 导入区划边界
geo-no-divisions = 还没有区划数据。

# 区划页
geo-divisions = 行政区划
geo-search = 按名称或代码查找
geo-first-found = { $n ->
   *[other] 只列出前 { $shown } 个,请把名称写得更完整
 }
geo-divisions-source = 口径:各指标按默认类别计算,定义见数据字典。
geo-division-kind = 区划类型
geo-full-name = 全称
geo-outline = 边界
geo-outline-imported = 已导入
geo-outline-schematic = 示意(按驻地推算)
geo-outline-none = 尚未导入
geo-versions = 沿革
geo-from = 起
geo-to = 止
geo-since-ever = 自始
geo-until-now = 至今
geo-source = 来源
geo-changes = 变更依据
geo-old-code = 原代码
geo-old-name = 原名称
geo-new-code = 新代码
geo-new-name = 新名称
geo-date = 变更时间
geo-below-title = 下级区划
geo-no-institutions = 没有在办的学校(机构)
geo-code-changed = 代码 { $old } 在所选业务时点为 { $new } { $name }
geo-not-then = 在业务时点 { $day } 没有这个区划,下面是它的沿革

# 出错
geo-failed-title = 地图没有取到
geo-failed = 系统出了问题,已记入日志。请稍后再试;如果一直这样,请告诉系统管理员。
geo-address-title = 地址有误
geo-address = 地址中的日期或类别无法识别,请从地图页面重新选择。
