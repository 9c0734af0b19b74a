cli-failure = 没有完成:{ $sentence }({ $code })
cli-stopping = 正在停止;已入库的批次保留。再按一次 Ctrl-C 立即退出。
cli-stopped = 已按要求停止;已入库的批次保留,用同样的命令可以继续。

cli-serving = 服务地址:{ $address }(按 Ctrl-C 停止)
cli-served = 服务已停止。
cli-not-https = 注意:正在向外网提供不加密的访问。请在前面加 https 代理,并加上 --https。
cli-port-taken = 不能监听 { $place }:{ $cause }。请用 --port 换一个端口。
cli-first-account = 首个账号(密码只显示这一次,登录后请修改)
    用户名:{ $user }
    密码:{ $password }

cli-progress = { $step } { $done } / { $total }(每秒 { $rate } 行,约剩 { $left } 秒)
cli-progress-open = { $step } { $done }(每秒 { $rate } 行)
cli-step-read = 读取
cli-step-check = 校验
cli-step-compare = 比对
cli-step-write = 入库
cli-step-export = 导出
cli-step-verify = 核验

cli-read = 读取 { $file }:{ $rows } 行({ $reading })
cli-reading-kind = 格式
cli-reading-encoding = 编码
cli-reading-delimiter = 分隔符
cli-reading-sheet = 工作表
cli-reading-header-row = 表头行
cli-columns = 识别的列
cli-ignored = 未使用的列:{ $headers }
cli-plan = 入库预览
cli-class-new = 新增
cli-class-changed = 变更
cli-class-unchanged = 不变
cli-class-review = 待确认
cli-class-refused = 退回
cli-class-missing = 缺失
cli-effective = 生效日期
cli-complete-for = 完整名单的单位
cli-changed-fields = 变更的字段
cli-missing = 名单中没有、建议办理的
cli-causes = 问题清单
cli-notices = 提示
cli-cause = { "  " }{ $rows } 行 · { $message }({ $code })
cli-cause-example = { "      " }例:第 { $row } 行 { $about }
cli-cause-repair = { "      " }处理建议:{ $repair }
cli-dry-run = 只预览,没有入库。去掉 --dry-run 即入库。
cli-nothing-written = 没有需要入库的内容。
cli-all-resumed = 上次已经全部入库({ $count } 个变更单)。
cli-written = 已入库:导入 { $import },入库批次 { $first } 至 { $last },写入 { $opened } 条,结束 { $closed } 条旧记录。
cli-resumed = 其中 { $count } 个变更单在上次停止前已入库。
cli-refused-file = 退回的行连同原因:{ $path }

cli-exported = 已导出 { $count } 条。

cli-verified = 核验了 { $commits } 个入库批次、{ $versions } 条版本、{ $entries } 条审计记录。
cli-head = 账本摘要:{ $head }
cli-whole = 完好。
cli-findings = 发现 { $count } 处不一致。请停止写入,保留现场,从备份恢复:
cli-finding-nothing = 没有
cli-finding-gap = 入库批次不连续:应为 { $expected },实为 { $found }
cli-finding-hash = 入库批次 { $number } 的内容与其摘要不符
cli-finding-parent = 入库批次 { $number } 没有接上前一批次
cli-finding-time = 入库批次 { $number } 的时间早于前一批次
cli-finding-root = 入库批次 { $number } 的记录被改动过
cli-finding-count = 入库批次 { $number } 的记录数不符:应为 { $said },实为 { $found }
cli-finding-orphans = 数据集 { $dataset } 有 { $versions } 条版本不属于任何入库批次
cli-finding-head = 账本头与最后一个入库批次不符
cli-finding-overlap = 数据集 { $dataset } 的记录 { $record } 有两个版本的生效时间重叠
cli-finding-audit = 审计记录第 { $number } 条起不连续或被改动过

cli-problem = { $file }:{ $line }: { $what };{ $instead }
cli-problems = 数据标准有 { $count } 处错误。
cli-definitions-right = 数据标准没有错误:{ $datasets } 个数据集,{ $checks } 条校验规则,{ $sets } 个代码集。

cli-user-login = 用户名
cli-user-name = 姓名
cli-user-state = 状态
cli-user-grants = 岗位
cli-user-state-active = 启用
cli-user-state-disabled = 停用
cli-user-everything = 整个节点
cli-user-added = 已新建账号 { $name }。
cli-user-no-post = 账号 { $name } 还没有岗位,用 weihe user grant 授予。
cli-user-password = 已重设 { $name } 的密码,其已登录的设备均已退出。
cli-user-generated = 密码(只显示这一次):{ $password }
cli-user-granted = 已授予 { $name } 岗位。
cli-user-revoked = 已收回授权 { $name }。
cli-user-disabled = 已停用 { $name },其已登录的设备均已退出。
cli-user-enabled = 已启用 { $name }。
cli-no-password = 标准输入里没有密码
cli-demo-townships = 载入乡镇
cli-demo-villages = 载入村(社区)
cli-demo-boundaries = 载入边界
cli-demo-institutions = 载入学校(机构)
cli-demo-attached = 载入教学点、附设班和校区
cli-demo-closings = 载入撤并记录
cli-demo-headlines = 载入年度概况
cli-demo-population = 载入人口
